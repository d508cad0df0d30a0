#!/usr/bin/env perl
# database.t - what the programs of lesson 20 do when something goes wrong: each says it in
# one sentence, with status 1, and none hangs. Their recordings show what goes well.

use strict;
use warnings;

use lib 'tests';
use Course;
use IO::Socket::INET;
use Test::More;

my $build  = build_dir();
my $lesson = 'lessons/20-database';
my @names  = map {"database_$_"} qw(sync async async_pipeline);

my $missing = run(['common/commands/needs', '--missing', $lesson])->{out};
if ($missing) {
    plan(skip_all => "$lesson $missing") unless $ENV{REQUIRE_ALL};
    BAIL_OUT("$lesson $missing; REQUIRE_ALL is set");
}

# All of this happens beside one server.
if (!@ARGV) {
    my $wrapper = "$build/common/with-postgres";
    exec $wrapper, $^X, $0, 'inside' or BAIL_OUT("$wrapper is not built: make");
}

my $scratch = scratch();

# Start a program: {pid, out, err}; the others may run at the same time.
sub start {
    my ($program, %env) = @_;
    my $run = {out => "$scratch/$program.out", err => "$scratch/$program.err"};
    $program = "$build/$lesson/$program" if $program !~ m{/};
    s{$scratch/.*/}{$scratch/} for values %$run;
    unlink values %$run;
    $run->{pid} = fork // die "fork: $!\n";
    if ($run->{pid} == 0) {
        defined $env{$_} ? ($ENV{$_} = $env{$_}) : delete $ENV{$_} for keys %env;
        open STDIN,  '<', '/dev/null' or POSIX::_exit(126);
        open STDOUT, '>', $run->{out} or POSIX::_exit(126);
        open STDERR, '>', $run->{err} or POSIX::_exit(126);
        exec $program or POSIX::_exit(127);
    }
    return $run;
}

# Returns its status and all that it says on stderr.
sub finish {
    my ($run) = @_;
    local $SIG{ALRM} = sub { kill KILL => $run->{pid} };
    alarm patience();
    waitpid $run->{pid}, 0;
    my $status = $? & 127 ? 'a signal' : $? >> 8;
    alarm 0;
    return "$status " . read_file($run->{err});
}

# All three, at the same time: each fails in one sentence.
sub all_fail {
    my ($name, $sentence, %env) = @_;
    my %run = map { $_ => start($_, %env) } @names;
    for my $program (@names) {
        like(finish($run{$program}), qr/^1 $program: $sentence\n\z/, "$program: $name");
        is(read_file($run{$program}{out}), '', "$program: nothing else");
    }
}

my $closed = IO::Socket::INET->new(Proto => 'tcp', LocalAddr => '127.0.0.1') || die "no port: $@";
my $hint   = quotemeta ' (start this with build/common/with-postgres)';

# A program that gives up leaves its memory to the system; that is no leak.
$ENV{ASAN_OPTIONS} = 'detect_leaks=0';

subtest 'who does not get in' => sub {
    all_fail('a wrong password', qr/cannot connect: [^\n]*password authentication failed for user "waiter"/,
        PGPASSWORD => 'wrong');
    all_fail('no server there', qr/cannot connect: [^\n]*No such file or directory/, PGHOST => $scratch);
    all_fail('a closed port', qr/cannot connect: [^\n]*Connection refused/,
        PGHOST => '127.0.0.1', PGPORT => $closed->sockport);
    all_fail('no idea where', qr/cannot connect: [^\n]+$hint/, PGHOST => undef, PGPORT => 1);

    my $silent = IO::Socket::INET->new(Proto => 'tcp', LocalAddr => '127.0.0.1', Listen => 10) || die "no port: $@";
    my %silent = (PGHOST => '127.0.0.1', PGPORT => $silent->sockport, PGCONNECT_TIMEOUT => 2);
    all_fail('a silent server', qr/cannot connect: [^\n]*timeout expired/, %silent);

    # Its own first server is silent, too.
    my @said = ("first server: connecting\n", "first server: no answer in time\n", "second server: connecting\n");
    for (['a silent server', qr/no answer in time/, %silent],
        ['a closed port', qr/connection to server[^\n]*Connection refused/, PGHOST => '127.0.0.1', PGPORT => $closed->sockport],
        ['no server there', qr/connection to server[^\n]*No such file or directory/, PGHOST => $scratch]) {
        my ($name, $why, %env) = @$_;
        my $run = start('database_async_connect', %env);
        like(finish($run), qr/^1 database_async_connect: cannot connect: $why\n\z/, "database_async_connect: $name");
        is(read_file($run->{out}) =~ s/^\[.*?\] //gmr, join('', @said), 'after it has tried both');
    }
};

subtest 'a mistake in the question' => sub {
    all_fail_at('no such table', qr/cannot ask[a-z ]*: ERROR:  relation "orders" does not exist/,
        \@names, PGOPTIONS => '-c search_path=pg_catalog');

    my @wrong = map { changed("$lesson/$_", sub { $_[0] =~ s/FROM/FORM/gr }) } @names;
    all_fail_at('a syntax error', qr/cannot ask[a-z ]*: ERROR:  syntax error at or near "[a-z]+"/, \@wrong);
};

# The same when they are at work already, and have printed what they ask.
sub all_fail_at {
    my ($name, $sentence, $programs, %env) = @_;
    my %run = map { $_ => start($_, %env) } @$programs;
    for my $program (@$programs) {
        my ($own) = $program =~ m{([^/]+)$};
        like(finish($run{$program}), qr/^1 $own: $sentence\n\z/, "$own: $name");
    }
}

# A server that says to everybody that it has only just been started. Then libpq goes on to
# the next one that it knows, on another socket.
subtest 'a socket that changes while we connect' => sub {
    my $port = IO::Socket::INET->new(Proto => 'tcp', LocalAddr => '127.0.0.1', Listen => 100) || die "no port: $@";
    my $pid  = fork // die "fork: $!\n";
    if ($pid == 0) {
        my $error = "SFATAL\0C57P03\0Mthe database system is starting up\0\0";
        while (my $client = $port->accept) {
            sysread $client, my $start, 65536;
            syswrite $client, 'E' . pack('N', 4 + length $error) . $error;
        }
    }
    my %two = (PGHOST => "127.0.0.1,$ENV{PGHOST}", PGPORT => $port->sockport . ",$ENV{PGPORT}",
        PGSSLMODE => 'disable', PGGSSENCMODE => 'disable');
    my %run = map { $_ => start($_, %two) } @names;
    for my $name (@names) {
        is(finish($run{$name}), '0 ', "$name gets in");
        is(() = read_file($run{$name}{out}) =~ / euros$/mg, 8, "$name has the bills");
    }
    my $connecting = start('database_async_connect', %two);
    is(finish($connecting), '0 ', 'database_async_connect gets in');
    like(read_file($connecting->{out}), qr/ second server: connected$/m, 'and says so');
    kill KILL => $pid;
    waitpid $pid, 0;
};

my @slow = map { changed("$lesson/$_", sub { $_[0] =~ s/0\.25/1000/gr }) } @names;

# As soon as they have asked, `stop` is called.
sub interrupted {
    my ($name, $sentence, $stop) = @_;
    my %run   = map { $_ => start($_) } @slow;
    wait_until(sub { !grep { !-s $run{$_}{out} } @slow });
    $stop->();
    for my $program (@slow) {
        my ($own) = $program =~ m{([^/]+)$};
        like(finish($run{$program}), qr/^1 $own: $sentence\n\z/, "$own: $name");
    }
}

my ($postmaster) = read_file("$ENV{PGHOST}/data/postmaster.pid") =~ /^(\d+)/;

sub backends {
    return map { /^ *(\d+) +$postmaster .*waiter postgres/ ? $1 : () }
        split /\n/, run(['ps', '-A', '-o', 'pid=,ppid=,args='])->{out};
}

my $gone = qr/cannot (?:ask|hear)[a-z ]*: (?:FATAL:  terminating connection[^\n]*|server closed the connection unexpectedly)/;

interrupted('the server ends our connections', $gone, sub { kill TERM => backends() });
interrupted('the server is stopped', $gone, sub { kill QUIT => $postmaster });

done_testing;
