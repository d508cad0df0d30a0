#!/usr/bin/env perl
# postgres.t - with-postgres: a program beside a database of its own. However the program
# ends, nothing is left; and what can't be had is said in a sentence.

use strict;
use warnings;

use lib 'tests';
use Cwd qw(abs_path);
use Course;
use Test::More;

our $around = abs_path(build_dir()) . '/common/with-postgres';
BAIL_OUT("$around is not built: make") unless -x $around;

my $scratch = scratch();
chmod 0755, $scratch; # root becomes somebody else, who must get in

# A copy of it and of what it needs, in a new directory.
sub copy_to {
    my ($directory) = @_;
    my @parts = map { $around =~ s{[^/]+$}{$_}r } qw(with-postgres postgres find-postgres);
    system('mkdir', '-p', "$directory/common") == 0 or die "cannot make $directory\n";
    system('cp', @parts, "$directory/common") == 0 or die "cannot copy\n";
    return "$directory/common/with-postgres";
}

# The same where no database has been made beforehand.
my $without = copy_to($scratch);

# A new directory for with-postgres to make its own in.
my $count = 0;

sub temporary {
    my $path = "$scratch/" . $count++;
    mkdir $path or die "$path: $!\n";
    chmod 0777, $path;
    return $path;
}

sub entries { return map { s{.*/}{}r } glob "$_[0]/*" }

# Processes that are at home in a directory, also in one that is gone. (Only where there is
# a /proc; elsewhere nobody is found.)
sub inhabitants {
    my ($directory) = @_;
    return grep { (readlink("$_/cwd") // '') =~ m{^\Q$directory\E/} } glob '/proc/[0-9]*';
}

sub shared_memory { return map { [split] } grep {/^\s*-?\d/} split /\n/, read_file('/proc/sysvipc/shm') }

# Pieces of it that nobody uses; another server that starts has one for a moment.
sub unused_memory { return map { $_->[1] } grep { $_->[6] == 0 } shared_memory() }

# The files of it that processes at home there have, each named once.
sub shared_files {
    my ($directory) = @_;
    my %files = map { $_ => 1 } map { read_file("$_/maps") =~ m{(/dev/shm/\S+)}g } inhabitants($directory);
    return sort keys %files;
}

sub nothing_left {
    my ($directory, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    ok(wait_until(sub { !entries($directory) && !inhabitants($directory) }), "$name: nothing is left")
        || diag(entries($directory), inhabitants($directory));
}

# Start it, in a process group of its own as common/check does: {pid, out, tmp}.
sub start {
    my ($script, %env) = @_;
    my $tmp = temporary();
    pipe my $out, my $end or die "pipe: $!\n";
    my $pid = fork // die "fork: $!\n";
    if ($pid == 0) {
        setpgrp;
        open STDIN,  '<',  '/dev/null' or POSIX::_exit(126);
        open STDOUT, '>&', $end        or POSIX::_exit(126);
        open STDERR, '>&', $end        or POSIX::_exit(126);
        %ENV = (%ENV, TMPDIR => $tmp, %env);
        exec $around, 'sh', '-c', $script;
    }
    return {pid => $pid, out => $out, tmp => $tmp};
}

# Read all it prints, until nobody is left who could, and wait for it.
sub finish {
    my ($run) = @_;
    my $out = $run->{out};
    $run->{said} = do { local $/; <$out> } // '';
    waitpid $run->{pid}, 0;
    return $run->{ended} = $?;
}

# Programs that only say they are PostgreSQL's.
sub pretend {
    my ($initdb, $postgres) = @_;
    my $bin = temporary();
    chmod 0755, $bin;
    write_file("$bin/initdb", "#!/bin/sh\ncase \$1 in -s) echo share_path=$bin; exit ;; esac\n$initdb\n", 0755);
    write_file("$bin/postgres", "#!/bin/sh\ncase \$* in *--single*) exit 0 ;; esac\n$postgres\n", 0755)
        if defined $postgres;
    return $bin;
}

subtest 'where it finds PostgreSQL' => sub {
    my $find  = abs_path('common/servers/find-postgres');
    my $usual = '/usr/bin:/bin';
    my $fake  = pretend('exit 1', 'exit 1');
    my $half  = pretend('exit 1', undef);
    my $told  = temporary();
    write_file("$told/pg_config", "#!/bin/sh\necho $fake\n", 0755);
    my $found = sub { my $ran = run([$find], env => {PATH => "$_[0]:$usual"}); return "$ran->{status} $ran->{out}" };
    is($found->("$scratch/none:$fake"), "0 $fake\n", 'in $PATH');
    unlike($found->("$half:$fake"), qr/\Q$half\E/, 'a half of it is not taken');
    is($found->($told), "0 $fake\n", 'pg_config tells') unless -x '/usr/bin/initdb';
};

subtest 'where there is no PostgreSQL' => sub {
    my @hide = qw(unshare --mount sh -c);
    my $hide = 'for d in /usr/lib/postgresql* /usr/libexec/postgresql*; do
        [ ! -d $d ] || mount -t tmpfs none $d || exit 99; done; ';
    my $all = run([@hide, $hide . 'exit 0']);
    return plan(skip_all => 'nothing can be hidden here') if $all->{status} || !-e '/proc';
    my $ran = run([@hide, $hide . 'exec "$@"', 'sh', $around, 'true'], env => {PATH => '/usr/sbin:/usr/bin:/sbin:/bin'});
    return plan(skip_all => 'it is in /usr/bin here') if -x '/usr/bin/initdb';
    is($ran->{err}, "with-postgres: needs PostgreSQL: `make setup-database` installs it\n", 'a sentence');
    is($ran->{status}, 1, 'and status 1');
    $ran = run([@hide, $hide . 'exec "$@"', 'sh', 'common/servers/find-postgres'], env => {PATH => '/usr/sbin:/usr/bin:/sbin:/bin'});
    is("$ran->{status} $ran->{out}", '1 ', 'common/servers/find-postgres says the same');
};

subtest 'what can not be is said in a sentence' => sub {
    local $around = $without;
    my $bin = pretend('exit 0', 'echo "the log begins" >&2; echo "2026-11-21 FATAL:  no more memory" >&2; exit 1');
    my $tmp = temporary();
    my $try = sub {
        my ($path, %env) = @_;
        my $ran = run([$around, 'true'], env => {PATH => "$path:$ENV{PATH}", TMPDIR => $tmp, %env});
        return "$ran->{status} " . $ran->{err} =~ s{\Q$tmp\E/\S+?(?=[: ])}{DIR}gr;
    };
    is($try->($bin), "1 with-postgres: cannot start PostgreSQL: no more memory\n", 'the server does not start');
    is($try->(pretend('exit 0', 'echo "the last word" >&2; exit 1')),
        "1 with-postgres: cannot start PostgreSQL: the last word\n", 'the last line of its log');
    like($try->(pretend('exit 0', 'kill -9 $$')),
        qr/^1 with-postgres: cannot start PostgreSQL: [^\n]*(?:Killed|it ended without a word)[^\n]*\n\z/, 'no word');
    is($try->(pretend('echo "initdb: error: could not write to file x: No space left on device"; echo bye; exit 1', 'exit 0')),
        "1 with-postgres: cannot make a database in DIR: could not write to file x: No space left on device\n", 'the disk is full');
    is($try->($bin, TMPDIR => "$scratch/none"), "1 with-postgres: cannot make a directory in $scratch/none: "
            . "No such file or directory (set TMPDIR to another)\n", 'no TMPDIR');
    for my $name ('x' x 90, 'one,two') {
        mkdir "$tmp/$name";
        like($try->($bin, TMPDIR => "$tmp/$name"), qr/^1 with-postgres: cannot use the directory DIR: [^\n]+(?:comma|too long)[^\n]*\n\z/, $name);
        rmdir "$tmp/$name";
    }
    my $usage = run([$around]);
    is($usage->{status}, 2, 'nothing to start: status 2');
    like($usage->{err}, qr/^usage: with-postgres PROGRAM/, 'and the usage');
    nothing_left($tmp, 'after all that');
};

subtest 'a server that is never ready: Ctrl-C, or two minutes' => sub {
    local $around = $without;
    my $bin = pretend('exit 0', 'sleep 777 & >$HOME/begun; exec sleep 777');
    for my $signal (qw(INT ALRM)) { # the latter tells that the time is up
        my $run = start('true', PATH => "$bin:$ENV{PATH}");
        ok(wait_until(sub { glob "$run->{tmp}/*/begun" }), 'it is being made');
        kill $signal => -$run->{pid};
        my $ended = finish($run);
        is($ended, $signal eq 'INT' ? POSIX::SIGINT() : 1 << 8, "SIG$signal: how it ends");
        is($run->{said}, $signal eq 'INT' ? '' : "with-postgres: the server is not ready after two minutes\n", 'what it says');
        nothing_left($run->{tmp}, "SIG$signal");
    }
};

my $where = run(['common/servers/find-postgres']);
if ($where->{status} != 0) {
    my $reason = 'needs PostgreSQL: `make setup-database` installs it';
    $ENV{REQUIRE_ALL} ? fail("$reason; REQUIRE_ALL is set") : note("$reason: the rest is left out");
    done_testing;
    exit;
}
my $psql = $where->{out} =~ s/\n/\/psql/r;
$psql = 'psql' unless -x $psql;

subtest 'programs that end as they like, at once' => sub {
    my $told = 'echo $PGHOST; sed -n "7s/.* //p" $PGHOST/data/postmaster.pid; ';
    my %foreign = (PGSERVICE => 'x', PGSSLMODE => 'require', PGHOSTADDR => '1.2.3.4', PGOPTIONS => '-x',
        PGPASSWORD => 'x', PGDATA => 'x', PGPASSFILE => '/x', PGSERVICEFILE => '/x', PGCLIENTENCODING => 'x',
        LC_ALL => 'tr_TR.UTF-8', LANG => 'xx', HOME => '/nonexistent', TZ => 'x');
    my %script = (
        asks   => "$told env | sed -n 's/^\\(PG[A-Z]*\\)=.*/\\1/p' | sort; "
            . "$psql -XAtc \"select guest, sum(price) from orders join dishes using (dish) where guest = 'Ada' group by 1\"; exit 7",
        killed => "$told kill -9 \$\$",
        ctrl_c => "$told exec sleep 60",
        # Its memory can't be given back by the server itself.
        server_killed => "$told kill -9 \$(head -1 \$PGHOST/data/postmaster.pid); exit 3",
    );
    my %run = map { $_ => start($script{$_}, $_ eq 'asks' ? %foreign : ()) } keys %script;
    my $absent = {pid => 0, tmp => temporary()};
    my $ran = run([$around, './no-such-program'], env => {TMPDIR => $absent->{tmp}});
    is($ran->{err}, "with-postgres: cannot start ./no-such-program: No such file or directory\n", 'no such program');
    is($ran->{status}, 127, 'no such program: 127, as shells say');
    nothing_left($absent->{tmp}, 'no such program');
    $ran = run(['sh', '-c', 'exec "$@" >&-', 'sh', $around, 'sh', '-c', 'echo 2>/dev/null || exit 7'],
        env => {TMPDIR => $absent->{tmp}});
    is("$ran->{status} $ran->{err}", '7 ', 'a stdout that is closed is closed to the program');
    nothing_left($absent->{tmp}, 'a closed stdout');
    finish($run{$_}) for qw(asks killed server_killed);

    # The other waits until it is told.
    my $interrupted = $run{ctrl_c};
    my $out = $interrupted->{out};
    my @told = (scalar <$out>, scalar <$out>);
    kill INT => -$interrupted->{pid};
    finish($interrupted);
    $interrupted->{said} = join '', @told;

    is($run{asks}{ended} >> 8, 7, "the exit status is the program's");
    is($run{killed}{ended} & 127, 9, 'so is SIGKILL');
    is($run{ctrl_c}{ended} & 127, POSIX::SIGINT(), 'and Ctrl-C');
    is($run{server_killed}{ended} >> 8, 3, 'a dead server is no matter of ours');
    my (undef, undef, @said) = split /\n/, $run{asks}{said} =~ s/^perl: warning.*\n|^.*warning: setlocale.*\n|^\t.*\n|^    are.*\n//gmr;
    is(join(' ', @said), 'PGDATABASE PGHOST PGPASSWORD PGPORT PGUSER Ada|24',
        'the program hears of its own server only, and finds the restaurant there');
    my %seen;
    for my $name (sort keys %run) {
        my ($host, $memory) = split /\n/, $run{$name}{said};
        like($host // '', qr{^\Q$run{$name}{tmp}\E/with-postgres-\w+$}, "$name: in a directory of its own");
        nothing_left($run{$name}{tmp}, $name);
        like($memory // '', qr/^\d+$/, "$name: the server has shared memory");
        ok(!grep({ $_->[1] == $memory } shared_memory()), "$name: it is given back");
        ok(!$seen{$host}++, "$name: nobody else's");
    }
};

subtest 'at its end the count is written down' => sub {
    my $counts = write_file("$scratch/counts", '');
    my $run    = start(qq(echo "<\$SITE_COUNTS>"; $psql -XAt -c 'select 1' -c "select 2"; $psql -XAt -c 'select 3'), SITE_COUNTS => $counts);
    finish($run);
    is($run->{said} =~ s/\n/ /gr, '<> 1 2 3 ', 'the program does not hear of it');
    nothing_left($run->{tmp}, 'counted');
    is(read_file($counts), "3 questions\n", 'all of them');
};

# In a namespace of mounts of our own. What the script needs is in its $1, $2, ...
sub mounted { my ($script, @more) = @_; return run(['unshare', '--mount', 'sh', '-c', $script, 'sh', @more]) }

subtest 'a full disk' => sub {
    local $around = $without;
    my $tmp = temporary();
    return plan(skip_all => 'nothing can be mounted here') if mounted('mount -t tmpfs none "$1"', $tmp)->{status};
    my %before = map { $_ => 1 } unused_memory();
    for my $mb (3, 8) {
        my $ran = mounted('mount -t tmpfs -o size=$3m,mode=1777 none "$1" && mount -t tmpfs none /dev/shm && chmod 1777 /dev/shm &&
            TMPDIR=$1 "$2" true; s=$?; ls -A "$1"; ls -A /dev/shm; exit $s', $tmp, $around, $mb);
        is("$ran->{status} $ran->{out}", "1 ", "$mb MB: it fails, and no file is left");
        like($ran->{err}, qr/^with-postgres: cannot [^\n]*(?:No space left on device|wrote only)[^\n]*\n\z/, 'one sentence says why');
    }
    ok(wait_until(sub { !grep { !$before{$_} } unused_memory() }), 'all shared memory is given back');
    nothing_left($tmp, 'a full disk');
};

subtest 'few files' => sub {
    local $around = $without;
    local $ENV{ASAN_OPTIONS} = 'detect_leaks=0'; # to look for them takes files and processes
    my $tmp = temporary();
    local $ENV{TMPDIR} = $tmp;
    my %said;
    for my $count (4 .. 12, 16) {
        open $said{$count}, '-|', 'sh', '-c', 'exec 2>&1; ulimit -n $1 && exec "$2" true', 'sh', $count, $around or die "sh: $!\n";
    }
    for my $count (sort { $a <=> $b } keys %said) {
        my $said = do { local $/; my $file = $said{$count}; <$file> };
        close $said{$count};
        is($? >> 8, $count < 6 ? $? >> 8 || 1 : 1, "ulimit -n $count");
        # Before main: a library that can't be opened.
        like($said, qr/\Awith-postgres: cannot [^\n]*: Too many open files\n\z|\A[^\n]*error while loading shared libraries[^\n]*\n\z/, 'one sentence');
    }
    nothing_left($tmp, 'few files');
};

subtest 'a database that was made beforehand' => sub {
    my $tmp = temporary();
    local $ENV{TMPDIR} = $tmp;
    my $there    = copy_to("$tmp/there");
    my $cluster  = "$tmp/there/postgres/cluster.tar";
    my $unpacked = temporary();
    mkdir "$tmp/there/postgres" or die "mkdir: $!\n";
    is(run([$there, 'sh', '-c', 'cp "$PGHOST/cluster.tar" "$0"', $cluster], env => {CLUSTER_ONLY => 'yes'})->{status}, 0, 'it is made');
    my $asks = sub {
        my $ran = run([$there, 'sh', '-c', "test -e \$PGHOST/share; echo \$?; $psql -XAtc 'select count(*) from orders'"]);
        return "$ran->{status} $ran->{err}" . join ' ', split /\n/, $ran->{out};
    };
    is($asks->(), '0 1 14', 'it is used');
    system("cd $unpacked && tar -xf $cluster && sed 's/ / 1/' made-by >m && mv m made-by && tar -cf $cluster made-by data") == 0 or die "tar\n";
    is($asks->(), '0 0 14', 'that of another server is not: one is made');
    system("cd $unpacked && tar -cf - made-by data | head -c 5000000 >$cluster") == 0 or die "tar\n";
    is($asks->(), '0 0 14', 'nor is half of one');
    run(['rm', '-r', "$tmp/there"]);
    nothing_left($tmp, 'a database');
};

subtest 'killed, with all that it has started, whatever that is' => sub {
    local $around = $without;
    my %moment = (
        'the database is being made' => ['data', 0],
        'initdb has a postgres'      => ['data/postmaster.pid', 0],
        'it is killed, too'          => ['data/postmaster.pid', 1],
        'the database is made'       => ['data/global/pg_filenode.map', 0],
        'the server runs'            => ['.s.PGSQL.5432', 0],
    );
    my %runs = map { $_ => [start('exec sleep 600'), start('exec sleep 600')] } keys %moment;
    for my $name (sort keys %moment) {
        my ($file, $has_crash) = @{ $moment{$name} };
        for my $group (0, 1) {
            my $run = $runs{$name}[$group];
            ok(wait_until(sub { glob "$run->{tmp}/*/$file" }), $name);
            my @files = shared_files($run->{tmp});
            my ($pid) = map { read_file($_) =~ /^(\d+)/ } $has_crash ? glob "$run->{tmp}/*/$file" : ();
            kill KILL => $pid if $pid;
            kill KILL => $group ? -$run->{pid} : $run->{pid};
            finish($run);
            nothing_left($run->{tmp}, $group ? 'the group' : 'the program');
            is(join(' ', grep {-e} @files), '', 'nor shared memory');
        }
    }
};

done_testing;
