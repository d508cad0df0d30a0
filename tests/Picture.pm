# Picture.pm - what common/draw makes of a lesson, and a strict reader of it: for the tests of
# the lessons' pictures and those of draw itself.

package Picture;

use strict;
use warnings;

use Course;
use Exporter 'import';
use File::Basename qw(basename);
use Test::More;

our @EXPORT = qw($draw recordings_of lines_of takes_time drawn read_xml texts with_class stretches);

our $draw = build_dir() . '/common/draw';
die "$draw is not there; `make` builds it\n" if !-x $draw;

# The recordings of which a picture is made, in its order.
sub recordings_of {
    my ($lesson) = @_;
    my $slug = basename($lesson) =~ s/^\d+-//r =~ tr/-/_/r;
    my $rank = sub { $_[0] =~ m{/\Q$slug\E_(a?sync)[.@]} ? $1 eq 'sync' ? 0 : 1 : 2 };
    my $key = sub { $_[0] =~ s/(\d+)/sprintf '%09d', $1/ger }; # 5 is before 10
    return sort { $rank->($a) <=> $rank->($b) || $key->($a) cmp $key->($b) }
        grep { !m{/exercise[@.]|_wrong} } glob "$lesson/*.out";
}

# What was recorded: [seconds, actor or '', text], ...
sub lines_of {
    my ($out) = @_;
    return map { /^\[ *(\d+\.\d\d)\] (?:(.+?): )?(.*)/ ? [$1, $2 // '', $3] : () }
        split /\n/, read_file($out);
}

# Whether any of its recordings says when something happened.
sub takes_time {
    my ($lesson) = @_;
    return scalar grep { $_->[0] > 0 } map { lines_of($_) } recordings_of($lesson);
}

sub drawn {
    my ($lesson) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $ran = run([$draw, $lesson]);
    is("$ran->{err}exit $ran->{status}", 'exit 0', "$lesson is drawn") || diag($ran->{err});
    return $ran->{out};
}

# What is written in a text, or '' and a complaint.
sub text_of {
    my ($xml, $complaints) = @_;
    push @$complaints, "a bare < or &: $xml" if $xml =~ /<|&(?!(?:amp|lt|gt|quot);)/;
    push @$complaints, "no text: $xml"       if $xml =~ /[\x00-\x08\x0b-\x1f]/;
    my %sign = (amp => '&', lt => '<', gt => '>', quot => '"');
    return $xml =~ s/&(\w+);/$sign{$1} \/\/ ''/ger;
}

# A strict reader of the little XML that we write. Returns the elements in their
# order, {tag, attributes, text, parent}, and what is wrong with them.
sub read_xml {
    my ($xml) = @_;
    my (@elements, @open, @complaints);
    my $attribute = qr/\s+[\w:-]+="[^"<]*"/;
    utf8::decode(my $copy = $xml) or push @complaints, 'no UTF-8';
    while ($xml =~ m{\G([^<]*)(?:<(/?)([a-z]+)($attribute*)\s*(/?)>|\z)}gc) {
        my ($text, $closing, $tag, $attributes, $empty) = ($1, $2, $3, $4, $5);
        $text = text_of($text, \@complaints);
        if    (@open)          { $open[-1]{text} .= $text }
        elsif ($text =~ /\S/)  { push @complaints, "text outside of all elements: $text" }
        last if !defined $tag;
        if ($closing) {
            my $last = pop @open;
            push @complaints, "</$tag> closes nothing" if !$last || $last->{tag} ne $tag;
            push @complaints, "</$tag> has attributes" if $attributes ne '' || $empty;
            next;
        }
        push @complaints, "a second root: $tag" if !@open && @elements;
        my %attributes;
        while ($attributes =~ /([\w:-]+)="([^"]*)"/g) {
            push @complaints, "$tag: $1 twice" if exists $attributes{$1};
            $attributes{$1} = text_of($2, \@complaints);
        }
        push @elements,
            {tag => $tag, attributes => \%attributes, text => '', parent => $open[-1]};
        push @open, $elements[-1] if !$empty;
    }
    push @complaints, 'no tag: ' . substr($xml, pos $xml // 0, 60)
        if (pos($xml) // 0) < length $xml;
    push @complaints, map {"<$_->{tag}> is not closed"} @open;
    push @complaints, 'nothing there' if !@elements;
    return (\@elements, @complaints);
}

# The texts of all elements of a class or, without one, of all <text>.
sub texts {
    my ($elements, $class) = @_;
    return map { $_->{text} }
        grep { $class ? ($_->{attributes}{class} // '') eq $class : $_->{tag} eq 'text' }
        @$elements;
}

sub with_class {
    my ($elements, $class) = @_;
    return grep { ($_->{attributes}{class} // '') eq $class } @$elements;
}

# --- what a program itself does ---

# The stretches of its lane, of all programs in turn: kind and left end in seconds.
sub stretches {
    my ($picture) = @_;
    my ($elements) = read_xml($picture);
    my ($seconds, $from, $to) = $elements->[0]{attributes}{style} =~ /([\d.]+).*?(\d+)px.*?(\d+)px/;
    my $at = sub { sprintf '%.2f', ($_[0] - $from) / ($to - $from) * $seconds };
    my (@programs, $y);
    for my $element (@$elements) {
        my ($is, $text) = ($element->{attributes}, $element->{text});
        if ($element->{tag} eq 'text') {
            push @programs, [] if $text eq 'the program';
            $y = $text eq 'the program' ? 'next' : $y;
        } elsif (($is->{class} // '') =~ /^(free|blocked|busy)$/ && @programs) {
            $y = $is->{y} if ($y // '') eq 'next';
            push @{ $programs[-1] }, "$1 " . $at->($is->{x} - 2) if $is->{y} == $y;
        }
    }
    return map { join ', ', @$_ } @programs;
}

1;
