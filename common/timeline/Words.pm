# Words.pm - what is written in a lane: what its lines say, without who says it; and how wide
# it is in a picture.
package Words;

use strict;
use warnings;

use Exporter 'import';
use Lanes;
use List::Util qw(max);

our @EXPORT = qw(words_at words_story words_wrap words_width printable);

my $number = qr/(?<![0-9A-Z\[\\\]^_a-z{|}~])\d+(?:\.\d+)?/;

# What a line says, after one that has been told. Who is the program itself, and has a
# name, keeps it, but it is told once. When a message was sent is drawn: from then on it waits.
sub words_of {
    my ($event, $before) = @_;
    my $name = $event->{name};
    my $words = $event->{words} =~ s/(?<=[^:]) \(sent at $number\)//r;
    return $words if $name eq '' || ($event->{actor} eq '' && !($before && $before->{name} eq $name));
    return substr $words, length("$name: ");
}

# What the lane says, moment by moment: [the first event, its words, as "done, goes home"]; of
# each line by itself if they are to stand `alone`.
sub words_at {
    my ($lane, $trace, $alone) = @_;
    my (@moments, $last);
    for my $event (lane_events($lane, $trace)) {
        if ($last && !$alone && $event->{at} <= $moments[-1][0]{at}) {
            $moments[-1][1] .= ', ' . words_of($event, $last);
        } else {
            push @moments, [$event, words_of($event, undef)];
        }
        $last = $event;
    }
    return @moments;
}

# All that it says, where there is no room to say it in its place. Lines that differ in
# their numbers only are said once: "lap 0 to 9, done".
sub words_story {
    my ($lane, $trace) = @_;
    my (%alike, @forms, $last);
    for my $event (lane_events($lane, $trace)) {
        my $words = words_of($event, $last);
        my $form = $words =~ s/$number/\0/gr;
        push @forms, $form unless $alike{$form};
        push @{ $alike{$form} }, [$words =~ /($number)/g];
        $last = $event;
    }
    return join ', ', map {
        my @lines = @{ $alike{$_} };
        my $place = 0;
        s/\0/numbers(map { $_->[$place] } @lines) . ($place++, '')[1]/ger;
    } @forms;
}

# "7", "0 to 9", "1, 4, 9", or of a long list both ends.
sub numbers {
    my ($first, @more) = @_;
    my $last = $more[-1] // $first;
    return $first if !grep { $_ ne $first } @more;
    return "$first to $last"
        if @more > 1 && !grep { $more[$_] =~ /\./ || $more[$_] != int($first) + $_ + 1 } 0 .. $#more;
    return @more > 9 ? "$first ... $last" : join ', ', $first, @more;
}

# --- How wide text is at most, in the widest of the usual fonts: what is reckoned too wide
# is not drawn, or is cut, so that nothing runs into anything ---

my (%sums, @wide); # in 1/100 of the font's size
$wide[ord] = 66 for map {chr} 0 .. 127;
$wide[ord] = 61 for 'a' .. 'z';
$wide[ord] = 97 for qw(m w M W @ %);
$wide[ord] = 40 for split(//, "il.,:;|!'jtfr ()"), "\0";
$wide[$_]  = $_ < 0xc0 ? 0 : 100 for 128 .. 255; # one of many bytes: those that follow count nothing

# Where each byte of the text begins.
sub sums_of {
    my ($text) = @_;
    return $sums{$text} //= do {
        my ($sum, @sums) = (0, 0);
        push @sums, $sum += $wide[$_] for unpack 'C*', $text;
        \@sums;
    };
}

sub words_width { my ($text, $font) = @_; return int(sums_of($text)->[-1] * $font / 100) }

# As much of it, from a byte on, as fits beside "...", whole characters only.
sub cut {
    my ($text, $start, $room, $font) = @_;
    my $sums = sums_of($text);
    my $size = length($text) - $start;
    $room -= words_width('...', $font);
    $size-- while $size > 0 && ((ord(substr $text, $start + $size, 1) & 0xc0) == 0x80
        || int(($sums->[$start + $size] - $sums->[$start]) * $font / 100) > $room);
    $size-- while $size > 0 && substr($text, $start + $size - 1, 1) =~ /[ \0]/;
    return $size;
}

# A number is not parted from its unit.
my $in_quantity = qr/(?<=\d) (?=(?:us|ms|s|min|h|%|bytes?|[kKMG]i?B|degrees|euros)(?![0-9A-Za-z]))/;

# Break a text, between words only, into at most `most` lines that are no wider than
# `room`. A word that is wider, or what doesn't fit, is cut, for which "..." has room.
# Returns {lines, rest}: `rest` is what is missing at the end; has_no_word: not even the
# first word fits.
sub words_wrap {
    my ($text, $room, $most, $font) = @_;
    $text =~ s/$in_quantity/\0/g;
    my $sums = sums_of($text);
    my ($start, @lines) = (0);
    while ($start < length $text) {
        my ($size, $next) = (0, index "$text ", ' ', $start);
        while ($next > $start + $size && int(($sums->[$next] - $sums->[$start]) * $font / 100) <= $room) {
            $size = $next - $start;
            last if $next == length $text;
            $next = index "$text ", ' ', $next + 1;
        }
        my $is_cut = $start + $size < length $text && (@lines + 1 == $most || $size == 0);
        $size = cut($text, $start, $room, $font) if $is_cut;
        push @lines, substr($text, $start, $size) =~ tr/\0/ /r;
        return {lines => \@lines, rest => substr($text, $start + $size) =~ tr/\0/ /r,
            has_no_word => @lines == 1 && $size < index "$text ", ' '} if $is_cut;
        pos($text) = $start + $size;
        $text =~ /\G */g;
        $start = pos $text;
    }
    return {lines => \@lines};
}

# What is no character at all, steers a terminal, or turns the text becomes a question mark.
sub printable {
    my ($bytes) = @_;
    my $character = qr/[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}
        |\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}/x;
    return $bytes =~ s{($character)|\t|([^\x20-\x7e])}{
        !defined $1 ? defined $2 ? '?' : ' ' : do {
            utf8::decode(my $code = $1);
            $code =~ /[\p{Cc}\p{Cn}\x{200e}\x{200f}\x{2028}-\x{202e}\x{2060}-\x{206f}]/ ? '?' : $1;
        }}ger;
}

1;
