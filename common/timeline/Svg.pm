# Svg.pm - a lesson's recordings as one picture: who did what when.
#
# All programs stand one below the other on one time axis: a lane for the program itself,
# and one for each actor. What goes on in a lane, Lanes.pm tells; what is written in it,
# Words.pm: the words of each line stand at its mark, in several lines if there is room;
# where there is none they are cut, or the lane's words are one text that begins at its
# first mark. Layout.pm has chosen where.
#
# The same recordings give the same picture, to the byte, on every machine: so
# all places and sizes are whole numbers, in units of 1/1200 of a page. On a slide, a
# white sheet with a red edge (class "edge", hidden elsewhere) is moved from --from to
# --to in --seconds, so that the picture appears as the programs run.
package Svg;

use strict;
use warnings;

use Exporter 'import';
use Lanes;
use Layout;
use List::Util qw(max sum0);
use Words;

our @EXPORT = qw(svg_draw);

# Written on white ground of its own, over hatching and lines.
my $halo = ' stroke="#fff" stroke-width="4" paint-order="stroke"';

my ($slug, $svg); # of the lesson; what is drawn
my %drawn;        # what the legend has to explain

# How each kind of stretch is drawn, and what it is called in the legend and in words.
my %kinds = (
    'under way' => {class => 'actor',   stroke => '#00588f', fill => '#a6d4f2', legend => 'under way', said => 'is under way'},
    'at work'   => {class => 'busy',    stroke => '#1c2733', fill => '#1c2733', legend => 'at work', said => 'is at work'},
    'waits'     => {class => 'waits',   stroke => '#5c6670', fill => '#fff', legend => 'waits, or is not heard yet', said => 'waits'},
    'free'      => {class => 'free',    stroke => '#1c2733', fill => '#fff', legend => 'free: hears who is done', said => 'is free'},
    'blocked'   => {class => 'blocked', stroke => '#5c6670', legend => 'blocked: only waits', said => 'is blocked'},
);

sub add { $svg .= join '', @_; return }

# What would be taken for a tag is written so that it isn't.
sub xml {
    my ($text) = @_;
    my %written = ('&' => '&amp;', '<' => '&lt;', '>' => '&gt;', '"' => '&quot;');
    return printable($text) =~ s/([&<>"])/$written{$1}/gr;
}

# A name left of the lanes, cut where it would run into them.
sub draw_name {
    my ($indent, $y, $more, $name) = @_;
    my $room = $layout{from} - 10 - MARGIN - $indent;
    my $shown = $name;
    if (bold_width($name) > $room) {
        my $dots = bold_width('...');
        my @characters = $name =~ /[^\x80-\xbf]?[\x80-\xbf]*/g; # one of several bytes is not cut in two
        $shown = '';
        $shown .= shift @characters while bold_width($shown . substr $characters[0], 0, 1) + $dots <= $room;
    }
    add(sprintf qq(<text x="%d" y="%d"%s>%s%s</text>\n), MARGIN + $indent, $y + row_baseline(1), $more, xml($shown),
        $shown eq $name ? '' : '...');
    return;
}

sub draw_box {
    my ($doing, $x, $y, $width, $high) = @_;
    my $kind = $kinds{$doing};
    if ($doing eq 'waits') { # a thin one, in the middle
        $y += int(($high - int($high / 3)) / 2);
        $high = int($high / 3);
    }
    add(sprintf qq(<rect class="%s" x="%d" y="%d" width="%d" height="%d" stroke="%s" %sfill="%s"/>\n), $kind->{class}, $x, $y,
        max($width, 1), $high, $kind->{stroke}, $doing eq 'waits' ? 'stroke-dasharray="4 3" ' : '', $kind->{fill} // "url(#$slug-hatch)");
    $drawn{$doing} = 1;
    return;
}

# A line that was printed. Within work it is a notch, which isn't taken for a gap.
sub draw_mark {
    my ($x, $y, $high, $is_notch) = @_;
    my @place = $is_notch ? ($x - 1, $y + $high - 4, 2, 4) : ($x - 2, $y - 1, 4, $high + 2);
    add(sprintf qq(<rect class="mark" x="%d" y="%d" width="%d" height="%d" fill="%s"/>\n), @place,
        $is_notch ? '#fff' : '#00304f" stroke="#fff" stroke-width="0.8');
    return;
}

# --- A row ---

# A program's stretch is named where nothing else is written.
sub name_stretch {
    my ($row, $doing, $x, $width, $y) = @_;
    my $right = $x + $width;
    my $word = $doing eq 'at work' || $doing eq 'blocked' ? $doing : 'free in the loop';
    $word = 'a pause' if $doing ne 'at work' && about_names($layout{about}, 'pauses', $row->{recording}{program});
    for my $label (@{ $row->{labels} }) {
        my ($start, $end) = label_ends($label, $row->{lines});
        next if $end <= $x || $start >= $right;
        if ($start - $x < $right - $end) { $x = $end }
        else                             { $right = $start }
    }
    my $fits = sub { words_width($word, $layout{font}) + 12 <= $right - $x };
    $word =~ s/ .*// if $doing eq 'free' && !$fits->();
    return if !$fits->();
    add(sprintf qq(<text class="doing" x="%d" y="%d" text-anchor="middle"%s>%s</text>\n), int(($x + $right) / 2),
        $y + row_baseline(1) + int((row_height($row->{lines}) - row_height(1)) / 2),
        $doing eq 'free' ? '' : $doing eq 'blocked' ? $halo : ' fill="#fff"', $word);
    return;
}

# How words are seen on what is below them.
sub colour_at {
    my ($row, $start, $end) = @_;
    my $crosses = grep { my $x = layout_x_of_event($_); $x > $start && $x < $end } lane_events($row->{lane}, $row->{recording});
    for (stretches_joined(@{ $row->{stretches} })) {
        my ($doing, $x, $right) = ($_->[0], map { layout_x_of_end($row->{recording}, $row->{lane}, $_) } @$_[1, 2]);
        next if $x > $start;
        return ' fill="#fff"' if $doing eq 'at work' && $end <= $right + 4;
        return '' if $doing =~ /^(?:free|under way)$/ && $end <= $right && !$crosses;
    }
    return $halo;
}

sub draw_words {
    my ($label, $lines, $baseline, $colour) = @_;
    my $wrapped = words_wrap($label->{text}, $label->{room}, $lines, $layout{font});
    my @lines = map { xml($_) } @{ $wrapped->{lines} };
    my $top = $baseline->(scalar @lines);
    $lines[-1] .= '...' if defined $wrapped->{rest};
    add(sprintf qq(<text class="words" text-anchor="%s"%s>), $label->{is_left} ? 'end' : 'start', $colour);
    add(sprintf '<tspan x="%d" y="%d">%s</tspan>', $label->{x}, $top + $_ * ($layout{font} + 1), $lines[$_]) for 0 .. $#lines;
    return add("</text>\n");
}

sub draw_label {
    my ($row, $label, $y) = @_;
    my $baseline = sub { $y + row_baseline($_[0]) + int((row_height($row->{lines}) - row_height($_[0])) / 2) };
    return draw_words($label, $row->{lines}, $baseline, colour_at($row, label_ends($label, $row->{lines})));
}

sub draw_bars {
    my ($row, $y) = @_;
    my $trace = $row->{recording};
    my $high = row_height($row->{lines}) - 5;
    my $gap = $row->{is_program} ? 2 : 0; # between a program's stretches
    my $last = ['', 0, -1];
    for my $stretch (@{ $row->{stretches} }) {
        my ($doing, $from, $to) = @$stretch;
        my $x = layout_x_of_end($trace, $row->{lane}, $from) + $gap;
        my $width = layout_x_of_end($trace, $row->{lane}, $to) - $gap - $x;
        $drawn{pieces} = 1 if $gap && $doing eq 'at work' && $last->[0] eq $doing && $last->[2] == $from;
        draw_box($doing, $x, $y + 2, $width, $high);
        name_stretch($row, $doing, $x, $width, $y) if $row->{is_program};
        $last = $stretch;
    }
    for my $event (lane_events($row->{lane}, $trace)) {
        my $at = $event->{at};
        draw_mark(layout_x_of_event($event), $y + 2, $high,
            scalar grep { $_->[0] eq 'at work' && $_->[1] < $at && $at < $_->[2] } @{ $row->{stretches} });
    }
    return;
}

# The total, right of the line where the program ends: on a slide it doesn't appear
# before its time.
sub draw_end {
    my ($row, $y) = @_;
    my ($x, $high) = (layout_end($row->{recording}), row_height($row->{lines}));
    add(sprintf qq(<line class="end" x1="%d" y1="%d" x2="%d" y2="%d" stroke="#14191f" stroke-width="2"/>\n), $x, $y, $x, $y + row_whole($row));
    add(sprintf qq(<text class="total" x="%d" y="%d" font-weight="bold" font-size="%d"%s>%.2f s</text>\n), $x + 8,
        $y + row_baseline(1) + int(($high - row_height(1)) / 2), total_font(), $halo, trace_length($row->{recording}));
    return;
}

sub draw_row {
    my ($row, $y) = @_;
    my $middle = $y + int((row_height($row->{lines}) - row_height(1)) / 2);
    add(sprintf qq(<g class="%s">\n), $row->{is_program} ? 'program' : 'lane');
    if    ($row->{is_program})         { draw_name(0, $middle, ' font-weight="bold"', $row->{recording}{program}) }
    elsif ($row->{lane}{place} == 0) { draw_name(INDENT, $middle, '', $row->{lane}{actor}) }
    draw_bars($row, $y);
    draw_label($row, $_, $y) for @{ $row->{labels} };
    draw_words($row->{below}, $row->{lines_below}, sub { $y + row_height($row->{lines}) + $layout{font} - 3 }, $halo) if $row->{below};
    draw_end($row, $y) if $row->{is_program};
    return add("</g>\n");
}

# --- The picture ---

# What is drawn in a row, in words, for those who don't see it.
sub describe_row {
    my ($row) = @_;
    my $lane = $row->{lane};
    my $last = '';
    add($row->{is_program} ? '; it' : '; ' . xml($lane->{actor}), $lane->{place} ? ' (' . ($lane->{place} + 1) . ')' : '');
    for (stretches_joined(@{ $row->{stretches} })) {
        my ($doing, $from, $to) = @$_;
        add(sprintf '%s %s from %.2f to %.2f', $last eq '' ? '' : ',', $doing eq $last ? 'and' : $kinds{$doing}{said}, $from, $to);
        $last = $doing;
    }
    add(' is over at once') if $last eq '' && $row->{is_program};
    my $sign = ': at';
    for (@{ $row->{said} }) {
        add(sprintf '%s %.2f %s', $sign, $_->[0]{at}, xml($_->[1]));
        $sign = ',';
    }
    return;
}

sub describe {
    my @names = map { xml($_->{program}) } @{ $layout{recordings} };
    my $last = pop @names;
    add(qq(<title id="$slug-title">Who does what when in ), @names ? join(', ', @names) . " and $last" : $last, '</title>', "\n");
    add(qq(<desc id="$slug-desc">));
    my $sign = '';
    for my $row (@{ $layout{rows} }) {
        if ($row->{is_program}) {
            add(sprintf '%s%s takes %.2f s', $sign, xml($row->{recording}{program}), trace_length($row->{recording}));
            $sign = ".\n";
        }
        describe_row($row);
    }
    return add(".</desc>\n");
}

sub draw_tick {
    my ($at, $places) = @_;
    my $x = layout_x($at / 100);
    add(sprintf qq(<line x1="%d" y1="%d" x2="%d" y2="%d" stroke="#c9d0d6"/>\n), $x, TOP() - 12, $x, $layout{height} - BOTTOM());
    add(sprintf qq(<text x="%d" y="%d" text-anchor="middle">%.*f%s</text>\n), $x, TOP() - 18, $places, $at / 100, $at == 0 ? ' s' : '');
    return;
}

sub draw_axis {
    return map { draw_tick($_, 2) } sort { $a <=> $b } keys %{ $layout{instants} } if is_in_order();
    my $step = axis_step($layout{length}, $layout{to} - $layout{from}, BETWEEN_TICKS);
    for (my $at = 0; $at <= $layout{length}; $at += $step) { draw_tick($at, axis_places($step)) }
    return;
}

sub explained {
    my ($doing) = @_;
    return 'at work; listens at gaps' if $doing eq 'at work' && $drawn{pieces};
    return $kinds{$doing} ? $kinds{$doing}{legend} : $doing;
}

# What occurs in the picture, and nothing else; in few words where all have no room.
sub draw_legend {
    my @shown = grep { $drawn{$_} } 'blocked', 'free', 'at work', 'under way', 'waits';
    my ($x, $y, $high) = (MARGIN, $layout{height} - 22, 16);
    $layout{font} = @shown > 3 ? LEAST_FONT : LEAST_FONT + 2; # so that it fits
    add(qq(<g class="legend" font-size="$layout{font}">\n));
    my $is_short = MARGIN + sum0(map { 54 + words_width(explained($_), $layout{font}) } @shown, 'a line') > WIDTH();
    for my $doing (@shown, 'a line') {
        my $pieces = $doing eq 'at work' && $drawn{pieces};
        my $text = $is_short ? explained($doing) =~ s/[,:;].*//r : explained($doing);
        if ($doing eq 'a line') { draw_mark($x + 30, $y, $high, 0) }
        else { draw_box($doing, $x + 12 * $_, $y, $pieces ? 8 : 34, $high) for 0 .. ($pieces ? 2 : 0) }
        add(sprintf qq(<text x="%d" y="%d">%s</text>\n), $x + 40, $layout{height} - 8, $text);
        $x += 54 + words_width($text, $layout{font});
    }
    return add("</g>\n");
}

# Over the lanes, from their left end to beyond the right one of the picture.
sub draw_edge {
    my $from = $layout{from};
    add(sprintf qq(<g class="edge" visibility="hidden"><rect x="%d" y="%d" width="%d" height="%d" fill="#fff"/>)
        . qq(<line x1="%d" y1="%d" x2="%d" y2="%d" stroke="#d40000" stroke-width="4"/></g>\n),
        $from, TOP() - 10, WIDTH() - $from + 20, $layout{height} - TOP() - BOTTOM() + 14, $from, TOP() - 12, $from, $layout{height} - BOTTOM() + 4);
    return;
}

# Returns the picture, on a sheet of that name.
sub svg_draw {
    my ($sheet, $directory, $about, @recordings) = @_;
    ($slug) = $directory =~ m{/[^/-]*-([^/]*)$};
    %layout = (sheet => $sheets{$sheet}, about => $about, recordings => \@recordings, lanes => [lanes_of(@recordings)]);
    lay_out();
    add(sprintf qq(<svg xmlns="http://www.w3.org/2000/svg" class="timeline" viewBox="0 0 %d %d" role="img" )
        . qq(aria-labelledby="%s-title %s-desc" style="--seconds: %.2f; --from: %dpx; --to: %dpx" )
        . qq(font-family="system-ui, sans-serif" font-size="%d" fill="#14191f">\n),
        WIDTH(), $layout{height}, $slug, $slug, $layout{length} / 100, @layout{qw(from to font)});
    describe();
    add(qq(<defs><pattern id="$slug-hatch" width="9" height="9" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">)
        . qq(<rect width="9" height="9" fill="#fff"/><rect width="2" height="9" fill="#8b959e"/></pattern></defs>\n)
        . sprintf qq(<rect class="paper" width="%d" height="%d" fill="#fff"/>\n), WIDTH(), $layout{height});
    draw_axis();
    my ($y, @rows) = (TOP(), @{ $layout{rows} });
    while (my $row = shift @rows) {
        draw_row($row, $y);
        my $is_last = !@rows || $rows[0]{is_program};
        add(sprintf qq(<text x="%d" y="%d" text-anchor="end"%s>and %d others</text>\n), WIDTH() - 4, $y + row_baseline(1), $halo,
            $row->{recording}{hidden}) if $is_last && $row->{recording}{hidden};
        $y += row_whole($row) + ($is_last ? BETWEEN : 0);
    }
    draw_legend();
    draw_edge();
    return "$svg</svg>\n";
}

1;
