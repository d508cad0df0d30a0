# Layout.pm - where everything stands in a lesson's picture, which Svg.pm draws: the axis,
# a row for each program and for each of its lanes, and the words in them, as large as
# there is room for. Units are 1/1200 of the width of a page; all are whole numbers.
#
# A row is {recording, lane, stretches, said, moments, labels, lines}: `lines` of text; and, where a
# program's last words stand below its bar, below and lines_below. A label, the words of one
# moment or of a whole lane, is {mark, x, is_left, room, text}: they begin at x or, if they stand
# left of their mark, end there.
package Layout;

use strict;
use warnings;

use Exporter 'import';
use Lanes;
use List::Util qw(max min sum0);
use Words;

our @EXPORT = qw(%layout %sheets lay_out layout_x layout_x_of_event layout_x_of_end layout_end is_in_order
    total_font bold_width row_height row_whole label_ends row_baseline hundredths WIDTH MARGIN INDENT TOP BOTTOM BETWEEN BETWEEN_TICKS LEAST_FONT);

use constant {
    MARGIN        => 12,  # left of all names
    INDENT        => 14,  # of an actor's name
    MOST_OF_NAMES => 340,
    BETWEEN       => 4,  # two programs
    LEAST_ROW     => 17,
    MOST_ROW      => 38,
    LEAST_FONT    => 15,
    MOST_FONT     => 18,
    BETWEEN_TICKS => 75, # at least
    BESIDE        => 6,  # between a mark and words
    CLOSER        => 2,  # between two marks, if it makes them fit in a line
    FAN           => 30, # between the lines of an instant, where their order is shown
    MOST_LINES    => 5,  # of text in a row
};

# How large a picture is: as wide as that, as high at most, with the axis above and the legend
# below the lanes. On a slide, which it fills, letters are larger as there are fewer units:
# those of LEAST_FONT have 24 of the slide's 720 pixels.
our %sheets = (
    page  => {width => 1200, height => 606, top => 36, bottom => 32},
    slide => {width => 760,  height => 372, top => 32, bottom => 26},
);

# The picture that is made: {sheet, about, recordings => [trace, ...], lanes}, and then rows,
# font, height, from, to (where the lanes begin and end), length (1/100 s, of the longest program)
# and instants, {1/100 s => lines}, where the order of the lines is shown.
our %layout;

sub WIDTH  { return $layout{sheet}{width} }
sub HEIGHT { return $layout{sheet}{height} }
sub TOP    { return $layout{sheet}{top} }
sub BOTTOM { return $layout{sheet}{bottom} }

sub hundredths { my ($seconds) = @_; return int($seconds * 100 + 0.5) }

sub total_font { return $layout{font} + 2 }
sub bold_width { my ($text) = @_; return int(words_width($text, $layout{font}) * 9 / 8) }

sub row_height { my ($lines) = @_; return max($lines * ($layout{font} + 1) + 1, $layout{least}) }

# With the words below its bar.
sub row_whole {
    my ($row) = @_;
    return row_height($row->{lines}) + ($row->{lines_below} // 0) * ($layout{font} + 1);
}

# How far below the top of a row so many lines of text begin.
sub row_baseline {
    my ($lines) = @_;
    return int((row_height($lines) - ($lines - 1) * ($layout{font} + 1)) / 2) + int($layout{font} * 3 / 8);
}

# --- Where on the axis ---

sub is_in_order { return scalar @{ $layout{about}{order} || [] } }

# Where the order of the lines of an instant is shown, the axis has room for as many as any of
# the programs has.
sub rank_events {
    for my $trace (@{ $layout{recordings} }) {
        my %lines;
        for my $event (grep { !$_->{is_comment} } @{ $trace->{events} }) {
            $event->{rank} = $lines{ $event->{at} }++;
            my $lines = \$layout{instants}{ hundredths($event->{at}) };
            $$lines = max($$lines // 0, $event->{rank} + 1) if is_in_order();
        }
    }
    delete $layout{instants} unless is_in_order();
    return;
}

sub fans_before {
    my ($at) = @_;
    return FAN * sum0(map { $_ < $at ? $layout{instants}{$_} - 1 : () } keys %{ $layout{instants} });
}

sub layout_x {
    my ($at) = @_;
    my $hundredths = hundredths($at);
    return $layout{x}{$hundredths} //= $layout{from} + fans_before($hundredths)
        + int(($hundredths * ($layout{to} - $layout{from} - fans_before(9**99)) + int($layout{length} / 2)) / $layout{length});
}

# Of lines of the same time each stands apart, where their order is shown.
sub layout_x_of_event {
    my ($event) = @_;
    return layout_x($event->{at}) + (is_in_order() ? $event->{rank} * FAN : 0);
}

# The end of a stretch of a lane: where its line stands, if one is there.
sub layout_x_of_end {
    my ($trace, $lane, $at) = @_;
    return layout_x($at) if !is_in_order();
    my @there = grep { $_->{at} == $at } @{ $trace->{events} };
    my ($own) = reverse grep { lane_has($lane, $_) } @there;
    # A program works for who is busy.
    $own //= (reverse grep { $lane->{actor} eq '' && $_->{actor} ne '' && about_names($layout{about}, 'busy', $_->{actor}) } @there)[0];
    return $own ? layout_x_of_event($own) : layout_x($at);
}

sub layout_end {
    my ($trace) = @_;
    return max(layout_x(trace_length($trace)),
        is_in_order() ? map { $_->{is_comment} ? () : layout_x_of_event($_) } @{ $trace->{events} } : ());
}

# --- Where the words stand ---

sub total_width {
    my ($trace) = @_;
    return int(bold_width(sprintf '%.2f s', trace_length($trace)) * total_font() / $layout{font});
}

sub wrap { my ($text, $room, $lines) = @_; return words_wrap($text, $room, $lines, $layout{font}) }

# How wide it must be, to need no more lines than that.
my %needs;

sub needs {
    my ($text, $lines) = @_;
    return $needs{ $layout{font} }{$lines}{$text} //= do {
        my $most = words_width($text, $layout{font});
        my $width = int($most / $lines);
        $width += 6 while $width < $most && defined wrap($text, $width, $lines)->{rest};
        min($width, $most);
    };
}

# Left of the last mark, sharing that with the words of the one before, if there is one.
sub place_last {
    my ($row, $lines) = @_;
    my ($before, $last) = @{ $row->{labels} } > 1 ? @{ $row->{labels} }[-2, -1] : (undef, $row->{labels}[-1]);
    my $right  = $last->{mark} - BESIDE;
    my $needed = needs($last->{text}, $lines);
    my $home   = my $room = $right - ($before ? $before->{mark} + BESIDE : $layout{from});
    my $shares = $before && !$before->{is_left};
    return if $last->{room} >= $needed;
    $room = min($needed, max($home - needs($before->{text}, $lines) - 10, int($home / 2))) if $shares;
    return if $room <= $last->{room};
    $before->{room} = $home - $room - 10 if $shares;
    @$last{qw(x is_left room)} = ($right, 1, $room);
    return;
}

# Where, on the right, words must end that begin at a mark: what is work stays dark.
sub end_of_words {
    my ($row, $mark) = @_;
    my $trace = $row->{recording};
    return $mark < layout_end($trace) ? layout_end($trace) - BESIDE : WIDTH() - 4 if $row->{is_program};
    my $right = WIDTH() - 4;
    for (grep { $_->[0] eq 'at work' } @{ $row->{stretches} }) {
        my ($from, $to) = map { layout_x_of_end($trace, $row->{lane}, $_) } @$_[1, 2];
        $right = $to - 2 if $from == $mark;
    }
    return $right;
}

sub behind_total { my ($row) = @_; return layout_end($row->{recording}) + 22 + total_width($row->{recording}) }

# From where to where the words of a label really are.
sub label_ends {
    my ($label, $lines) = @_;
    my $widest = max(0, map { words_width($_, $layout{font}) } @{ wrap($label->{text}, $label->{room}, $lines)->{lines} });
    my $start = $label->{is_left} ? $label->{x} - $widest : $label->{x};
    return ($start, $start + $widest);
}

sub label {
    my ($mark, $x, $is_left, $room, $text) = @_;
    return {mark => $mark, x => $x, is_left => $is_left, room => $room, text => $text};
}

# The words of each moment right of its mark, up to the next; those of the first and the
# last one left of it if there is more room.
sub place_each {
    my ($row, $lines) = @_;
    my @marks = map { layout_x_of_event($_->[0]) } @{ $row->{moments} };
    my @labels;
    for my $i (0 .. $#marks) {
        my $mark  = $marks[$i];
        my $right = min(end_of_words($row, $mark), $i < $#marks ? $marks[$i + 1] - BESIDE + 2 : WIDTH());
        my $x = $row->{is_program} && $mark == layout_end($row->{recording}) ? behind_total($row) : $mark + BESIDE;
        my $lacks = needs($row->{moments}[$i][1], 1) - ($right - $x);
        ($x, $right) = ($x - CLOSER, $right + CLOSER) if $i < $#marks && $lacks > 0 && $lacks <= 2 * CLOSER;
        push @labels, label($mark, $x, 0, $right - $x, $row->{moments}[$i][1]);
    }
    $row->{labels} = \@labels;
    my $first = $labels[0];
    my $room = $first->{mark} - $layout{from} - 2 * BESIDE;
    @$first{qw(x is_left room)} = ($first->{mark} - BESIDE, 1, $room)
        if @labels > 1 && !$row->{is_program} && $first->{room} < needs($first->{text}, $lines) && $room > $first->{room};
    return place_last($row, $lines);
}

# All of the lane's words in one text: within the work with which it begins, behind its bars,
# before them, or over them.
sub place_story {
    my ($row, $way) = @_;
    my $trace = $row->{recording};
    my $first = layout_x_of_event($row->{moments}[0][0]);
    my $x = $row->{is_program} ? behind_total($row) : layout_x_of_event($row->{last}) + BESIDE;
    my $right = WIDTH() - 4;
    $row->{story} //= words_story($row->{lane}, $trace);
    $x = $first + BESIDE if $way eq 'over' || $way eq 'within';
    $right = layout_end($trace) - BESIDE if $way eq 'over' && $row->{is_program};
    $right = end_of_words($row, $first) if $way eq 'within';
    $row->{labels} = [label($x, $x, 0, $right - $x, $row->{story})];
    $x = $first - BESIDE;
    $row->{labels} = [label($x, $x, 1, $x - $layout{from}, $row->{story})] if $way eq 'before';
    return;
}

sub place_words {
    my ($row, $way, $lines) = @_;
    $row->{lines} = $lines;
    return $way eq 'in place' ? place_each($row, $lines) : place_story($row, $way);
}

# What is lost: a few words at an end, or all words of a moment.
sub row_cost {
    my ($row) = @_;
    my $cost = 0;
    for my $label (@{ $row->{labels} }) {
        my $wrapped = wrap($label->{text}, $label->{room}, $row->{lines});
        $cost += 20 if $wrapped->{has_no_word};
        $cost += 7 + int(length($wrapped->{rest}) / 8) if defined $wrapped->{rest};
    }
    return $cost;
}

sub row_has_way {
    my ($row, $way) = @_;
    return 1 if $way ne 'within' && $way ne 'before';
    return !$row->{is_program} && ($way eq 'before' || end_of_words($row, layout_x_of_event($row->{moments}[0][0])) < WIDTH() - 4);
}

# With up to so many lines of text, the way in which the least is lost, and how much that is.
sub row_choose {
    my ($row, $most) = @_;
    my ($best, $best_way, $best_lines) = (9**9, 'in place', 1);
    $row->{lines} = 1;
    return 0 if !@{ $row->{moments} };
    for (['in place', 0], ['within', 3], ['behind', 4], ['before', 4], ['over', 12]) {
        my ($way, $price) = @$_;
        last if $price >= $best;
        next if !row_has_way($row, $way);
        for my $lines (1 .. $most) {
            last if $best == 0;
            place_words($row, $way, $lines);
            my $cost = $price + ($way eq 'in place' ? 0 : 2 * ($lines - 1)) + row_cost($row);
            ($best, $best_way, $best_lines) = ($cost, $way, $lines) if $cost < $best;
        }
    }
    place_words($row, $best_way, $best_lines);
    return $best;
}

# --- The whole ---

sub choose_names {
    my $widest = max(map { $_->{is_program} ? bold_width($_->{recording}{program}) : INDENT + bold_width($_->{lane}{actor}) }
            @{ $layout{rows} });
    $layout{to}   = WIDTH() - 12 - max(map { total_width($_) } @{ $layout{recordings} });
    $layout{from} = min(max(MARGIN + $widest + 12, 150), MOST_OF_NAMES);
    delete $layout{x};
    return;
}

sub total_height {
    return TOP() + BOTTOM() + @{ $layout{recordings} } * BETWEEN + sum0(map { row_whole($_) } @{ $layout{rows} });
}

sub make_row {
    my ($trace, $lane) = @_;
    my $is_program = $lane->{actor} eq '';
    my @events  = lane_events($lane, $trace);
    my @moments = words_at($lane, $trace, is_in_order() && !$is_program);
    return {recording => $trace, lane => $lane, is_program => $is_program, lines => 1, labels => [], moments => \@moments, said => [@moments],
        last => $events[-1],
        stretches => [$is_program ? program_stretches($layout{lanes}, $trace, $layout{about}) : lane_stretches($lane, $trace, $layout{about})]};
}

# A row for each program, and for each of its lanes, but for no more than `most`.
sub make_rows {
    my ($most) = @_;
    for my $trace (@{ $layout{recordings} }) {
        my @lanes = grep { lane_events($_, $trace) } @{ $layout{lanes} };
        $trace->{hidden} = max(@lanes - $most, 0);
        push @{ $layout{rows} }, map { make_row($trace, $_) } {actor => '', place => 0}, @lanes[0 .. $#lanes - $trace->{hidden}];
    }
    return;
}

sub try_size {
    my ($font, $lines) = @_;
    @layout{qw(font least)} = ($font, LEAST_ROW);
    choose_names();
    return sum0(map { row_choose($_, $lines) } @{ $layout{rows} });
}

# Give a row more lines than the others have, if much is lost without.
sub give_lines {
    my ($row, $lines) = @_;
    my $lost = row_choose($row, $lines);
    for my $more (reverse $lines + 1 .. MOST_LINES) {
        return if row_choose($row, $more) + 4 < $lost && total_height() <= HEIGHT();
    }
    return row_choose($row, $lines);
}

# Whether its last words, left of the mark at its end, would stand on what is hatched, dark or
# broken.
sub end_is_unclear {
    my ($row) = @_;
    my $end = layout_end($row->{recording});
    return 0 if !$row->{is_program} || !@{ $row->{moments} } || layout_x_of_event($row->{last}) != $end;
    my $last = $row->{labels}[-1];
    my ($from, $to) = label_ends($last, $row->{lines});
    return $last->{x} <= $end && !grep { $_->[0] eq 'free' && layout_x($_->[1]) <= $from && $to <= layout_x($_->[2]) } @{ $row->{stretches} };
}

# Let a program's last words stand below its bar, if nothing else is lost by it. Returns whether
# there is room.
sub put_below {
    my ($row) = @_;
    my $lost   = row_cost($row);
    my $right  = layout_end($row->{recording}) - BESIDE;
    my @others = @{ $row->{moments} };
    my $below   = label($right, $right, 1, $right - $layout{from}, (pop @others)->[1]);
    my $wrapped = wrap($below->{text}, $below->{room}, 2);
    @$row{qw(moments labels lines below lines_below)} = (\@others, [], 1, $below, scalar @{ $wrapped->{lines} });
    for my $lines (@others ? 1 .. MOST_LINES : ()) {
        place_words($row, 'in place', $lines);
        last if row_cost($row) == 0;
    }
    return !defined $wrapped->{rest} && row_cost($row) <= $lost && total_height() <= HEIGHT();
}

# Those of all programs, or of none: they are compared.
sub clear_ends {
    my @unclear = grep { end_is_unclear($_) } @{ $layout{rows} };
    my @before  = map { {%$_} } @unclear;
    for my $row (@unclear) {
        next if put_below($row);
        %{ $unclear[$_] } = %{ $before[$_] } for 0 .. $#unclear;
        return;
    }
    return;
}

# Everything is as large as there is room for, without words being lost. Where there are
# too many actors even for the smallest rows, the last ones aren't drawn.
sub lay_out {
    my ($best, @best) = (9**9, LEAST_FONT, 1);
    my $room = HEIGHT() - TOP() - BOTTOM() - @{ $layout{recordings} } * BETWEEN;
    my @counts = map { my $trace = $_; scalar grep { lane_events($_, $trace) } @{ $layout{lanes} } } @{ $layout{recordings} };
    my $most = max(@counts, 1);
    $most-- while $most > 1 && (@counts + sum0(map { min($_, $most) } @counts)) * LEAST_ROW > $room;
    $layout{length} = max(1, map { hundredths(trace_length($_)) } @{ $layout{recordings} });
    rank_events();
    make_rows($most);
    for my $font (reverse LEAST_FONT .. MOST_FONT) {
        for my $lines (1 .. MOST_LINES) {
            last if $best == 0;
            my $cost = try_size($font, $lines);
            ($best, @best) = ($cost, $font, $lines) if total_height() <= HEIGHT() && $cost < $best;
        }
    }
    try_size(@best);
    give_lines($_, $best[1]) for reverse @{ $layout{rows} }; # one has room for more lines than all
    clear_ends();
    $layout{least}++ while total_height() <= HEIGHT() && $layout{least} < MOST_ROW;
    $layout{least}-- if total_height() > HEIGHT();
    $layout{height} = total_height();
    return;
}

1;
