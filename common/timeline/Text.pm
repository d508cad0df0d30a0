# Text.pm - who did what when, on a terminal: all programs on one time axis, the program's
# own lane first, with a mark for each line that is nobody's; and how long they took.
package Text;

use strict;
use warnings;

use Lanes;
use List::Util qw(first max min);
use Words;

my %signs = ('under way' => '=', 'at work' => '#', waits => '.', free => '-', blocked => '/');
my $shown_lanes  = 40; # of more, the picture only says that there are some
my $longest_name = 32;
my $most_columns = 100; # of a bar
my $ticks        = 9;   # columns from one to the next, at least

my (%picture, $drawn); # names, columns: how wide; step, in 1/100 s, from one tick to the next; step_columns

sub column_of { my ($at) = @_; return int($at / ($picture{step} / 100) * $picture{step_columns} + 0.5) }

# How many columns a text takes.
sub width_of {
    my ($text) = @_;
    utf8::decode($text = printable($text));
    return length($text) + (() = $text =~ /[\p{East_Asian_Width=W}\p{East_Asian_Width=F}]/g) - (() = $text =~ /[\p{Mn}\p{Me}]/g);
}

# In `room` columns, of which the last stays empty.
sub name_in {
    my ($name, $room) = @_;
    my @characters = printable($name) =~ /[^\x80-\xbf][\x80-\xbf]*/g;
    my $fits = width_of($name) < $room;
    my ($shown, $width) = ('', 0);
    for my $character (@characters) {
        last if $width + width_of($character) > $room - ($fits ? 1 : 3);
        $shown .= $character;
        $width += width_of($character);
    }
    return $shown . ($fits ? '' : '..') . ' ' x ($room - $width - ($fits ? 0 : 2));
}

# Each step is as wide as the next, so that the picture is the same at 5.00 s
# and at 5.01 s, and equal waits are equally wide.
sub choose_step {
    my $room   = $picture{columns} - 1;
    my $length = $picture{length};
    $picture{step} = axis_step($length * 100, $room, $ticks);
    my $columns = $length > 0 ? $room * $picture{step} / 100 / $length : 1000;
    $picture{step_columns} = $columns < 1000 ? int $columns : $ticks;
    return;
}

sub draw_axis {
    my $last   = int($picture{length} / ($picture{step} / 100) + 0.001);
    my $places = axis_places($picture{step});
    my @labels = map { sprintf('%.*f', $places, $_ * $picture{step} / 100) . ($_ ? '' : ' s') } 0 .. $last;
    for my $row (\@labels, [("'") x @labels]) {
        $drawn .= ' ' x $picture{names};
        $drawn .= sprintf '%-*s', $_ < $last ? $picture{step_columns} : 0, $row->[$_] for 0 .. $last;
        $drawn .= "\n";
    }
    return;
}

# The columns of some stretches, and a mark for each line; where there are two so close that
# a mark for each would be noise, none inside of a stretch.
sub bar {
    my ($lane, $trace, @stretches) = @_;
    my @at    = map { $_->{at} } lane_events($lane, $trace);
    my $bar   = ' ' x $most_columns;
    for (@stretches) {
        my ($doing, $from, $to) = ($_->[0], column_of($_->[1]), column_of($_->[2]));
        substr($bar, $from, $to - $from) = $signs{$doing} x ($to - $from);
    }
    my $dense = $lane->{actor} ne '' && first {
        my $gap = column_of($at[$_]) - column_of($at[$_ - 1]);
        $gap != 0 && $gap < 3;
    } 1 .. $#at;
    for my $at (@at) {
        next if $dense && first { $_->[1] < $at && $at < $_->[2] } @stretches;
        substr($bar, column_of($at), 1) = '|';
    }
    return $bar;
}

sub coloured { my ($code, $text) = @_; return $picture{in_colour} ? "\e[${code}m$text\e[0m" : $text }

sub draw_lane {
    my ($lane, $trace) = @_;
    my $bar = bar($lane, $trace, lane_stretches($lane, $trace, $picture{about})) =~ s/ +$//r;
    $drawn .= '  ' . name_in($lane->{place} ? '' : $lane->{actor}, $picture{names} - 2) . coloured(36, $bar) . "\n";
    return;
}

# Whether, after somebody's work, another one than he had a line at this time.
sub is_another_heard {
    my ($trace, $at) = @_;
    my ($worker, $is_heard);
    for my $event (grep { !$_->{is_comment} && $_->{at} <= $at + 0.02 } @{ $trace->{events} }) {
        if ($event->{at} > $at - 0.02) { $is_heard ||= defined $worker && $worker ne $event->{actor} }
        elsif (about_names($picture{about}, 'busy', $event->{actor})) { $worker = $event->{actor} }
    }
    return $is_heard;
}

# The program itself is there from its first line to its end. Between two pieces of its work
# an async program gave way.
sub draw_program {
    my ($trace) = @_;
    my $end = column_of(trace_length($trace));
    my $itself = {actor => '', place => 0};
    my @stretches = program_stretches($picture{lanes}, $trace, $picture{about});
    my $bar = bar($itself, $trace, @stretches);
    for my $i (1 .. $#stretches) {
        next if $trace->{is_sync} || $stretches[$i][0] ne 'at work' || $stretches[$i - 1][0] ne 'at work';
        my $column = column_of($stretches[$i][1]);
        substr($bar, $column, 1) =~ s/[^|]/$signs{free}/ if is_another_heard($trace, $stretches[$i][1]);
    }
    substr($bar, $_, 1) = '|' for 0, $end;
    $drawn .= coloured(1, name_in($trace->{program}, $picture{names})) . substr($bar, 0, $end + 1)
        . sprintf "  %.2f s\n", trace_length($trace);
    return;
}

sub draw_trace {
    my ($trace) = @_;
    draw_program($trace);
    draw_lane($_, $trace) for grep { lane_events($_, $trace) } @{ $picture{lanes} };
    my $hidden = grep { lane_events($_, $trace) } lanes_of($trace);
    $hidden -= grep { lane_events($_, $trace) } @{ $picture{lanes} };
    $drawn .= "  ... and $hidden others\n" if $hidden > 0;
    $drawn .= "\n";
    return;
}

# Returns the picture, at most `width` columns wide.
sub text_draw {
    my ($width, $in_colour, $about, @traces) = @_;
    my @lanes = lanes_of(@traces);
    splice @lanes, $shown_lanes if @lanes > $shown_lanes;
    %picture = (about => $about, in_colour => $in_colour, lanes => \@lanes, length => max(0, map { trace_length($_) } @traces));
    # As wide as the longest name, but not half of the screen.
    $picture{names} = min(int($width / 2), $longest_name,
        max(0, map({ length($_->{program}) + 1 } @traces), map { 3 + width_of($_->{actor}) } @lanes));
    $picture{columns} = max(min($width - $picture{names} - length '  100.00 s', $most_columns), $ticks + 1);
    choose_step();
    my $column = 0;
    for my $word (split / /, '| is a line from above. The program: # at work, / blocked, - free in the '
        . 'loop. Whom it names: = under way, # at work, . waits, or is not heard yet.') {
        my $fits = $column > 0 && $column + 1 + length $word <= $width;
        $drawn .= $fits ? ' ' : $column > 0 ? "\n" : '';
        $column = ($fits ? $column + 1 : 0) + length $word;
        $drawn .= $word;
    }
    $drawn .= "\n\n";
    draw_axis();
    draw_trace($_) for @traces;
    return $drawn;
}

# --- How long it took ---

# A line, as it is compared: with its kind and without its time. In measurements all numbers
# are alike, except that a whole number that is 0 is like 0 only.
sub compared {
    my ($event) = @_;
    my $text = $event->{text} =~ s/^\[[ \d]\d*\.\d\d\]/[]/r;
    $text =~ s{(?<![\w\x80-\xff])[-+]?\d+(?:,\d{3})*(\.\d+)?(?![\w\x80-\xff])}{defined $1 || $& =~ /[1-9]/ ? '#' : 0}ge if $text =~ /^~ /;
    return $text;
}

# Whether both print the same lines, in whatever order, or the same checksum: only
# then is one of them faster. Else they do different things.
sub do_the_same {
    my ($ours, $theirs) = map { [sort map { compared($_) } grep { !$_->{is_comment} } @{ $_->{events} }] } @_;
    return 1 if join("\n", @$ours) eq join "\n", @$theirs;
    my %theirs = map { $_ => 1 } @$theirs;
    return first { /^(?:\[\] |\[  -  \] |~ )?checksum:./ && $theirs{$_} } @$ours;
}

# How many times as fast as the sync program it is; nothing where there is nothing to compare,
# or where no line has a time: then how long it all took is not what the lesson is about.
sub compare {
    my ($trace, $sync) = @_;
    my ($length, $of_sync) = map { trace_length($_) } $trace, $sync;
    return '' if $trace == $sync || $sync->{program} !~ /_sync(?: |$)/ || $sync->{note} ne '' || $of_sync < 0.01
        || !(first { $_->{at} > 0 && $_->{text} =~ /^\[[ \d]\d/ } @{ $sync->{events} }) || !do_the_same($trace, $sync);
    return sprintf 'more than %d times as fast', $of_sync / 0.01 + 0.5 if $length < 0.01;
    return sprintf '%.1f times as fast', $of_sync / $length if $of_sync / $length >= 1.05;
    return $length / $of_sync >= 1.05 ? sprintf '%.1f times as long', $length / $of_sync : 'no faster';
}

sub text_totals {
    my (@traces) = @_;
    my $longest = max(map { length $_->{program} } @traces);
    return join('', map {
        my $note = $_->{note} || compare($_, $traces[0]);
        sprintf "  %-*s %8s%s\n", $longest, $_->{program}, $_->{note} eq 'not built' ? '-  ' : sprintf('%.2f s', trace_length($_)),
            $note && "   $note";
    } @traces) . "\n";
}

1;
