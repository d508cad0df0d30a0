# Picture.pm - what common/timeline/draw makes of a lesson, and a strict reader of it: for the tests of
# the lessons' pictures and those of draw itself.

package Picture;

use strict;
use warnings;

use Course;
use Cwd qw(abs_path);
use Exporter 'import';
use File::Basename qw(basename);
use Test::More;

our @EXPORT = qw($draw recordings_of lines_of takes_time drawn read_xml texts with_class programs_of stretches described);

our $draw = abs_path('common/timeline/draw');

# The recordings of which a picture is made, in its order.
sub recordings_of {
    my ($lesson) = @_;
    my $slug = basename($lesson) =~ s/^\d+-//r =~ tr/-/_/r;
    my ($undrawn) = read_file("$lesson/about") =~ /^undrawn: (.*)$/m;
    my %undrawn = map { $_ => 1 } split /, /, $undrawn // '';
    my $rank = sub { $_[0] =~ m{/\Q$slug\E_(a?sync)[.@]} ? $1 eq 'sync' ? 0 : 1 : 2 };
    my $key = sub { $_[0] =~ s/(\d+)/sprintf '%09d', $1/ger }; # 5 is before 10
    return sort { $rank->($a) <=> $rank->($b) || $key->($a) cmp $key->($b) }
        grep { !m{/exercise[@.]|_wrong} && !$undrawn{ basename($_, '.out') =~ tr/@/ /r } } glob "$lesson/*.out";
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
            $open[-1]{text} .= ($open[-1]{text} eq '' ? '' : ' ') . $last->{text} if $last && $tag eq 'tspan';
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

# --- what is drawn ---

# The programs of a picture: {name, rows => [...]}, of which the first is its own lane and the
# others are its actors': {name, is_own, stretches => [[kind, left, right], ...], marks => [x, ...],
# words => [...]}. Of an actor with several lanes, each has his name.
sub programs_of {
    my ($picture) = @_;
    my ($elements) = read_xml($picture);
    my (@programs, $row, $last);
    for my $element (@$elements) {
        my ($is, $class) = ($element->{attributes}, $element->{attributes}{class} // '');
        if ($element->{tag} eq 'g') {
            undef $row;
            next if $class !~ /^(program|lane)$/;
            push @programs, {rows => []} if $class eq 'program';
            $row = {is_own => $class eq 'program', name => undef, map { $_ => [] } qw(stretches marks words)};
            push @{ $programs[-1]{rows} }, $row;
        } elsif (!$row) {
            next;
        } elsif ($element->{tag} eq 'text' && $class eq '') {
            $row->{name} = $element->{text};
            $programs[-1]{name} = $element->{text} if $row->{is_own};
        } elsif ($class eq 'words') {
            push @{ $row->{words} }, $element->{text};
        } elsif ($class eq 'mark') {
            push @{ $row->{marks} }, $is->{x} + $is->{width} / 2;
        } elsif ($element->{tag} eq 'rect') {
            push @{ $row->{stretches} }, [$class, $is->{x}, $is->{x} + $is->{width}];
        }
    }
    for my $lane (map { @{ $_->{rows} } } @programs) {
        $lane->{name} //= $last;
        $last = $lane->{name};
    }
    return @programs;
}

# The stretches of each program's own lane: kind and left end in seconds.
sub stretches {
    my ($picture) = @_;
    my ($seconds, $from, $to) = $picture =~ /--seconds: ([\d.]+); --from: (\d+)px; --to: (\d+)px/;
    my $at = sub { sprintf '%.2f', ($_[0] - 2 - $from) / ($to - $from) * $seconds };
    return map {
        join ', ', map {"$_->[0] " . $at->($_->[1])} @{ $_->{rows}[0]{stretches} }
    } programs_of($picture);
}

# What the picture says to those who don't see it, without the words of the lines: a line for each
# row, "x_sync: blocked 0.00-1.00", "  dryer: under way 0.00-1.00, waits 1.00-2.00".
sub described {
    my ($picture) = @_;
    my ($text) = $picture =~ m{<desc[^>]*>(.*?)\.</desc>}s;
    my @lines = split /\.\n/, $text // '';
    my @described;
    for my $program (programs_of($picture)) {
        my (undef, @parts) = split /; /, shift @lines // '';
        for my $row (@{ $program->{rows} }) {
            my $said = (shift @parts // '') =~ s/: at \d.*//sr;
            $said =~ s/^\Q@{[$row->{is_own} ? 'it' : $row->{name}]}\E( \(\d+\))?//;
            my $doing = '';
            my @stretches = map {
                $doing = $1 if s/^ ?(?:is )?(waits|[a-z ]+?)(?= from)// && $1 ne 'and';
                /from ([\d.]+) to ([\d.]+)/ ? "$doing $1-$2" : ()
            } map { split /,| and(?= from)/ } $said;
            push @described, ($row->{is_own} ? '' : '  ') . "$row->{name}: " . join ', ', @stretches;
        }
    }
    return @described;
}

1;
