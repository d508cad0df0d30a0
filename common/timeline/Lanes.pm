# Lanes.pm - what programs printed, with the time of each line, as lanes on one time axis:
# one for each actor and one for the program itself; and what goes on between the lines.
# Both pictures are made of it: the one on a terminal (Text.pm) and the one of a lesson's
# recordings (Svg.pm). All text is bytes.
#
# A trace is {program, is_sync, end, events => [...]}: `end`, in s, is when the program ended,
# if that was long after its last line. An event is a line:
#
#     text         the whole line, without its newline
#     words        what follows its stamp
#     name, actor  who acts, '' if nobody does; actor is '' too where that is the program itself
#     at, sent     s; when it was printed, and when what it tells had happened
#     is_comment   it is no line of the program's stdout, and in no lane
#     starts       it begins something, which ends with its actor's next line
#     place        of an actor's lines that are several at once: which, from 0
#
# A lane is {actor, place}; the program's own has the actor ''.
package Lanes;

use strict;
use warnings;

use Exporter 'import';
use List::Util qw(first max);

our @EXPORT = qw(about_read about_fault about_names trace_add trace_explain trace_length lanes_of lane_has
    lane_events lane_stretches program_stretches stretches_joined axis_step axis_places);

my $at_once  = 0.02; # s; what is shorter is no waiting, but the time until a line is printed
my $rounding = 0.001;

# --- What a lesson's `about` says of its actors: what happened, and no line tells ---
#
#     program: Techie, home       actors that are the program itself
#     busy: potatoes              actors that keep the program at work
#     waits: caller               actors that wait while nothing of theirs is under way
#     starts: told, takes         words of lines that start something, beside "start" and "asked"
#     takes: kettle 1.0           how long that takes, in s, whenever its end is heard
#     turns: x_sync               programs in which one is served after the other
#     pauses: x_sync              programs that wait for nobody: each wait is a pause of their own
#     works: x_async 0.05 all     how long, in s, a program itself worked before a line of its own
#     threads: x_async            programs whose actors are threads: they work, it doesn't
#     undrawn: queue_async 2      programs for which the picture has no room
#     order: shown                the lines of an instant stand one after the other

my $number = qr/\d+(?:\.\d*)?|\.\d+/;

# Returns nothing, with $!, if there is none.
sub about_read {
    my ($directory) = @_;
    open my $file, '<', "$directory/about" or return;
    my %about;
    while (<$file>) {
        my ($key, $value) = /^([a-z]+):\s*(.*?)\s*$/ or next;
        $about{$key} //= [grep { $_ ne '' } split /\s*,\s*/, $value];
    }
    $about{seconds} = {map { /^(.+?) +($number)$/ && $2 > 0 ? ($1 => $2) : () } @{ $about{takes} || [] }};
    $about{work} = [map { /^(\S+) +($number) (.+)$/ && $2 > 0 ? [$1, $2, $3] : () } @{ $about{works} || [] }];
    return \%about;
}

# The first key of which something is not understood.
sub about_fault {
    my ($about) = @_;
    return 'takes' if keys %{ $about->{seconds} } != @{ $about->{takes} || [] };
    return 'works' if @{ $about->{work} } != @{ $about->{works} || [] };
    return (first { $_ ne 'shown' } @{ $about->{order} || [] }) ? 'order' : undef;
}

sub about_names {
    my ($about, $key, $name) = @_;
    return first { $_ eq $name } @{ $about->{$key} || [] };
}

# --- Traces and lanes ---

# `seconds` counts where the line has no stamp.
sub trace_add {
    my ($trace, $text, $seconds, $is_comment) = @_;
    my ($stamp, $words) = $text =~ /^(?:\[((?: \d{1,9}|\d{2,9})\.\d\d)\] |\[  -  \] |~ )?(.*)$/s;
    my $at = $stamp // $seconds;
    # A measurement is nobody's, whatever stands before its colon.
    my $name = $text !~ /^~ / && $words =~ /^(.*?): /s ? $1 : '';
    push @{ $trace->{events} }, {text => $text, words => $words, name => $name, actor => $name,
        at => $at + 0, sent => $at + 0, is_comment => $is_comment, starts => 0, place => 0};
    return;
}

# s from the first line to the last, or to the end.
sub trace_length {
    my ($trace) = @_;
    return $trace->{length} //= max($trace->{end} // 0, map { $_->{is_comment} ? () : $_->{at} } @{ $trace->{events} });
}

sub lane_has {
    my ($lane, $event) = @_;
    return !$event->{is_comment} && $event->{actor} eq $lane->{actor} && $event->{place} == $lane->{place};
}

sub lane_events { my ($lane, $trace) = @_; return grep { lane_has($lane, $_) } @{ $trace->{events} } }

# The lanes of the actors, in the order of their first lines, the same for all programs; those
# of an actor who needs several stand together.
sub lanes_of {
    my @lanes;
    for my $event (map { @{ $_->{events} } } @_) {
        next if $event->{is_comment} || $event->{actor} eq '' || first { lane_has($_, $event) } @lanes;
        my $behind = $event->{place} ? first { $lanes[$_ - 1]{actor} eq $event->{actor} } reverse 1 .. @lanes : undef;
        splice @lanes, $behind // @lanes, 0, {actor => $event->{actor}, place => $event->{place}};
    }
    return @lanes;
}

# What takes so long, and was begun without a line, has been under way since then: if that
# is several at once, each has a place, which the next takes when it is done.
sub find_places {
    my ($takes, @events) = @_;
    my @until;
    for my $event (grep { $_->{at} != 0 } @events) {
        my $place = first { ($until[$_] // 0) <= $event->{at} - $takes / 2 } 0 .. @until;
        $place //= 0;
        $until[$place] = $event->{at};
        $event->{place} = $place;
    }
    return;
}

# Find out, when all lines are there, what `about` says of them.
sub trace_explain {
    my ($trace, $about) = @_;
    my $starts = join '|', map {quotemeta} 'start', 'asked', @{ $about->{starts} || [] };
    for my $event (@{ $trace->{events} }) {
        $event->{actor}  = '' if about_names($about, 'program', $event->{name});
        $event->{starts} = substr($event->{words}, length $event->{name}) =~ $starts;
        my ($sent) = $event->{text} =~ /\(sent at ($number)/; # "leaving home (sent at 0.30)"
        $event->{sent} = $sent if defined $sent && $sent < $event->{at};
    }
    for my $lane (lanes_of($trace)) {
        my $takes = $about->{seconds}{ $lane->{actor} } or next;
        my @events = lane_events($lane, $trace);
        find_places($takes, @events) unless grep { $_->{starts} } @events;
    }
    return;
}

# --- Stretches: [doing, from, to], in the order of their time; none overlap ---
#
# - An actor's stretch goes from one of his lines to the next. It is 'under way' if the
#   first starts something, else nothing is known of it, and it is no stretch; he 'waits'
#   if the lesson says that he is there all the time.
# - An actor who keeps the program busy is 'at work' from each of his lines until his next,
#   or until somebody else of that kind has one: one thread does one thing at a time.
# - What is done before it is heard (a machine of which `about` says how long it takes, a
#   message that says when it was sent) 'waits' from then on.
# - The program is 'at work' exactly while an actor is, or while it says that its CPU time was
#   "all". All other time is waiting: a sync program is 'blocked' in one wait after the
#   other (each line shows that one was over), an async one is 'free' in its loop.

# As far as it is later than what is there already.
sub add_stretch {
    my ($stretches, $doing, $from, $to) = @_;
    my $end = @$stretches ? $stretches->[-1][2] : 0;
    $from = $end if $from < $end + $rounding; # what touches has no gap
    push @$stretches, [$doing, $from, $to] if $to > $from;
    return;
}

# Of a line that starts something: from when that really goes on, and how long. Where one is
# served after the other, each waits until the one before is done.
sub find_service {
    my ($event, $trace, $about, $free_from) = @_;
    my ($from, $takes) = ($event->{at}, $about->{seconds}{ $event->{actor} } // 0);
    if ($event->{starts} && $takes > 0 && about_names($about, 'turns', $trace->{program})) {
        $from = max($$free_from, $from);
        $$free_from = $from + $takes;
    }
    return [$from, $takes];
}

sub is_busy {
    my ($event, $about) = @_;
    return !$event->{is_comment} && $event->{actor} ne '' && about_names($about, 'busy', $event->{actor});
}

# Those of an actor; of one kind that touch are one.
sub lane_stretches {
    my ($lane, $trace, $about) = @_;
    my @events      = lane_events($lane, $trace);
    my $tells_start = grep { $_->{starts} } @events;
    my $waits       = about_names($about, 'waits', $lane->{actor});
    my ($free_from, @stretches) = (0);
    my ($last, $service, $busy, $interrupted); # his line before; when another worked after that
    for my $event (@{ $trace->{events} }) {
        my $begun = find_service($event, $trace, $about, \$free_from);
        my $at    = $event->{at};
        if (!lane_has($lane, $event)) {
            $interrupted ||= $at if $busy && is_busy($event, $about);
            next;
        }
        if ($busy) {
            add_stretch(\@stretches, 'at work', $last->{at}, $interrupted || $at);
        } elsif ($last && $last->{starts}) {
            my ($from, $takes) = @$service;
            $from = $at if $from > $at;
            my $end = $takes == 0 || $from + $takes > $at - $at_once ? $at : $from + $takes;
            add_stretch(\@stretches, 'waits', $last->{at}, $from);
            add_stretch(\@stretches, 'under way', $from, $end);
            add_stretch(\@stretches, 'waits', $end, $at);
        } elsif ($begun->[1] > 0 && !$tells_start && $at > 0) {
            add_stretch(\@stretches, 'under way', $at - $begun->[1], $at);
        }
        add_stretch(\@stretches, 'waits', $event->{sent}, $at) if $event->{sent} < $at - $at_once;
        add_stretch(\@stretches, 'waits', 0, $at) if $waits; # since the end of all that
        ($last, $service, $busy, $interrupted) = ($event, $begun, is_busy($event, $about), 0);
    }
    return stretches_joined(@stretches);
}

# Those of one kind that touch as one.
sub stretches_joined {
    my @joined;
    for (@_) {
        if (@joined && $joined[-1][0] eq $_->[0] && $joined[-1][2] == $_->[1]) { $joined[-1][2] = $_->[2] }
        else { push @joined, [@$_] }
    }
    return @joined;
}

# What an actor works: a piece from each line to the next, if the program gave way between his
# lines, so that somebody else has one there.
sub work_of {
    my ($lane, $trace, $about) = @_;
    my @is_his = map { lane_has($lane, $_) } grep { !$_->{is_comment} } @{ $trace->{events} };
    my $in_pieces = join('', map { $_ ? 'x' : '-' } @is_his) =~ /x-+x/;
    my @cuts = $in_pieces ? map { $_->{at} } lane_events($lane, $trace) : ();
    my @work;
    for (grep { $_->[0] eq 'at work' } lane_stretches($lane, $trace, $about)) {
        my (undef, $from, $to) = @$_;
        for my $at (@cuts) {
            next if $at <= $from || $at >= $to;
            push @work, ['at work', $from, $at];
            $from = $at;
        }
        push @work, ['at work', $from, $to];
    }
    return @work;
}

# What the program works for others, and for itself, in the order of time.
sub find_work {
    my ($lanes, $trace, $about) = @_;
    my @events = @{ $trace->{events} };
    my @work;
    push @work, ['at work', 0, trace_length($trace)]
        if trace_length($trace) > 0 && grep { $_->{text} =~ /^~ CPU time: all/ } @events; # it has never waited
    push @work, map { work_of($_, $trace, $about) } grep { about_names($about, 'busy', $_->{actor}) } @$lanes
        if $trace->{is_sync} || !about_names($about, 'threads', $trace->{program});
    for my $event (grep { $_->{actor} eq '' } @events) {
        my $works = first { $_->[0] eq $trace->{program} && index($event->{words}, $_->[2]) >= 0 } @{ $about->{work} };
        push @work, ['at work', $event->{at} - $works->[1], $event->{at}] if $works;
    }
    return sort { $a->[1] <=> $b->[1] } @work;
}

# Those of the program itself, from 0 to its end. Where it gives way between an actor's
# lines, each piece of his work is one. Who waits for one thing at a time has waited for each
# line.
sub program_stretches {
    my ($lanes, $trace, $about) = @_;
    my $one = $trace->{is_sync} || about_names($about, 'pauses', $trace->{program});
    my @lines = $one ? map { $_->{is_comment} ? () : $_->{at} } @{ $trace->{events} } : ();
    my $waits = $trace->{is_sync} ? 'blocked' : 'free';
    my @stretches;
    my $wait = sub {
        my ($to) = @_;
        add_stretch(\@stretches, $waits, 0, $_) for (grep { $_ < $to } @lines), $to;
    };
    for (find_work($lanes, $trace, $about)) {
        $wait->($_->[1]);
        add_stretch(\@stretches, @$_);
    }
    $wait->(trace_length($trace));
    return @stretches;
}

# --- The axis ---

# From one tick to the next, in 1/100 s: the smallest of 1, 2, 5, 10, ... that leaves `gap`
# between them, where `room` is as wide as `length`, in 1/100 s.
sub axis_step {
    my ($length, $room, $gap) = @_;
    my $step = 1;
    for (my $i = 0; $step * $room + 0.001 < $gap * $length; $i++) {
        $step *= $i % 3 == 1 ? 2.5 : 2;
    }
    return $step;
}

# How many decimals a tick's label, in s, needs.
sub axis_places { my ($step) = @_; return $step % 100 == 0 ? 0 : $step % 10 == 0 ? 1 : 2 }

1;
