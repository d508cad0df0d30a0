#!/usr/bin/env perl
# make-commands.t - the Makefile: the commands that everybody relies on.

use strict;
use warnings;

use lib 'tests';
use Course;
use Cwd qw(abs_path);
use MakeTree;
use Test::More;

my $scratch = scratch();

subtest 'a new lesson is there without a word in the Makefile' => sub {
    my $tree = tree_with_tools();
    add_lesson($tree, '06-jam');
    my $made = make($tree, ['-j2']);
    succeeds($made, 'make');
    ok(-x "$tree/build/lessons/06-jam/jam_$_", "jam_$_ is built") for qw(sync async);

    my $list = make($tree, ['lessons'])->{out};
    like($list, qr/^Part 2 Afternoon\n/m, 'make lessons: its part');
    my ($line) = lines_like($list, qr/\b06\b/);
    like($line // '', qr/Jam for two\b.*\b5 \+ 10\b/, 'make lessons: its title and minutes');
    is(join(' ', $list =~ /make lesson-(\d+)/g), '01 05 06', 'make lessons: all, in order');

    my $shown = make($tree, ['lesson-06']);
    succeeds($shown, 'make lesson-06');
    is_deeply([lines_like($shown->{out}, qr/^shown/)], ['shown: lessons/06-jam'], 'is shown');

    my $outs = "lessons/06-jam/jam_async.out lessons/06-jam/jam_sync.out";
    for my $goal ('test', 'test-06') {
        my $tested = make($tree, [$goal]);
        succeeds($tested, "make $goal");
        my @tested = sort $tested->{out} =~ m{^(lessons/06-jam/\S+) \.+ ok$}gm;
        is("@tested", $outs, 'tests its programs');
    }
};

subtest 'a lesson is called by its number or name' => sub {
    my $tree = tree_with_tools();
    for my $name (qw(05 5 cake)) {
        my $shown = make($tree, ["lesson-$name"]);
        is(join('', lines_like($shown->{out}, qr/^shown/)), 'shown: lessons/05-cake',
            "lesson-$name");
        my @tested = make($tree, ["test-$name"])->{out} =~ m{^(\S+) \.+ ok$}gm;
        is(join(' ', sort @tested), join(' ', map {"lessons/05-cake/cake_$_.out"} qw(async sync)),
            "test-$name");
    }
    for my $goal (qw(lesson-99 lesson-xx lesson-0 lesson-055 lesson-ake test-99 out-99)) {
        my ($name) = $goal =~ /-(.*)/;
        fails_with_a_line(make($tree, [$goal]),
            qr/^There is no lesson "$name"\. The lessons are 01 to 05; `make lessons` lists them\.$/,
            $goal);
    }
};

subtest 'make out-05 records what is recorded, and what is not yet' => sub {
    my $tree = tree_with_tools();
    my $cake = "lessons/05-cake";
    rename "$tree/$cake/cake_async.out", "$tree/$cake/cake_async\@3.out" or die "rename: $!";
    write_file("$tree/$cake/cake_async_new.c", read_file("$tree/$cake/cake_async.c"));
    my $recorded = make($tree, ['out-05']);
    succeeds($recorded, 'make out-05');
    is_deeply(
        [$recorded->{out} =~ /^ok 1 - checked --record (.*)$/mg],
        ["$cake/cake_async\@3.out", "$cake/cake_async_new.out", "$cake/cake_sync.out"],
        'each program, with the arguments that its recordings name'
    );
};

subtest 'make timelines draws what has changed, and nothing else' => sub {
    my $tree     = tree_with_tools();
    unlink "$tree/common/timeline/draw";
    write_file("$tree/common/timeline/draw", qq(#!/bin/sh\necho "drawn: \$*"; cat "\$1"/*_async.out\n), 0755);
    my @pictures = map {"lessons/$_/timeline.svg"} '01-tea', '05-cake';
    my $drawn    = sub {
        my $made = make($tree, ['timelines', @_]);
        succeeds($made, "make timelines @_");
        return join ', ', grep { !/^cc / } split /\n/, $made->{out};
    };
    is($drawn->(), "$pictures[0]: new, $pictures[1]: new", 'at first all are new');
    is(read_file("$tree/$pictures[1]"), "drawn: lessons/05-cake\n[ 0.00] cake: ready\n",
        'each is what draw writes');
    my $before = files_below("$tree/lessons");
    is($drawn->('BUILD=elsewhere'), 'The timelines are as they were.', 'then nothing has changed');
    is_deeply(files_below("$tree/lessons"), $before, 'and nothing is written');
    write_file("$tree/lessons/01-tea/tea_async.out", "[ 0.00] tea: cold\n");
    is($drawn->(), "$pictures[0]: changed", 'another recording, another picture');
    is(read_file("$tree/$pictures[0]"), "drawn: lessons/01-tea\n[ 0.00] tea: cold\n", 'is there');

    unlink "$tree/lessons/05-cake/cake_async.out";
    $before = files_below("$tree/lessons");
    fails_with_a_line(make($tree, ['timelines']), qr/cake_async|\*_async/, 'what cannot be drawn');
    is_deeply(files_below("$tree/lessons"), $before, 'the old picture stays, and nothing half');
};

subtest 'what computes is tested by itself, after all others' => sub {
    my $tree = tree_with_tools();
    add_lesson($tree, '03-sums', needs => 'threads alone');
    for my $test ('lessons/some.t', 'tools/any.t') {
        mkdir "$tree/tests/" . ($test =~ s{/.*}{}r) or die "mkdir: $!";
        write_file("$tree/tests/$test", "print qq{1..1\\nok 1\\n};\n");
    }
    fake($tree, 'prove', <<'SH');
echo "start $*" >>"$LOG"
sleep 0.2
echo end >>"$LOG"
case $* in *"$FAIL"*) exit 1 ;; esac
SH
    # Calls that hold the word $fail fail.
    my $calls = sub {
        my ($fail, @goals) = @_;
        write_file("$tree/log", '');
        my $ran = make($tree, [@goals], PATH => own_path($tree), LOG => "$tree/log",
            FAIL => $fail);
        return ($ran->{status}, split /\n/, read_file("$tree/log"));
    };
    my ($status, @calls) = $calls->('no call', '-j4', 'test');
    is($status, 0, 'make test');
    is(join(' ', map {/^(\w+)/} @calls), join(' ', ('start end') x 3), 'three calls, one after the other');
    my @others = map { my $p = $_; map {"lessons/$p\_$_.out"} qw(async sync) } '01-tea/tea',
        '05-cake/cake';
    is(join(' ', sort grep {m{\.(?:out|t)$}} split ' ', $calls[0]),
        "@others", 'first all that mostly waits');
    like($calls[0], qr/ -j24 /, 'many at a time');
    is(join(' ', sort grep {m{\.(?:out|t)$}} split ' ', $calls[2]),
        'lessons/03-sums/sums_async.out lessons/03-sums/sums_sync.out', 'then what computes');
    unlike($calls[2], qr/ -j ?(?!1\b)\d/, 'one at a time');
    like($calls[4], qr{ tests/lessons/some\.t$}, 'then the tests of the lessons');

    ($status, @calls) = $calls->('-j24', 'test');
    isnt($status, 0, 'when the first call fails, so does make test');
    is(scalar @calls, 6, 'but not without the others');
    ($status) = $calls->('sums_sync', 'test');
    isnt($status, 0, 'when the second call fails, so does make test');

    ($status, @calls) = $calls->('no call', '-j4', 'test-tools', 'test');
    is(scalar @calls, 8, 'make test test-tools: four calls');
    like($calls[6], qr{ -j24 tests/tools/any\.t$}, "the last for the tools' tests");
    ($status, @calls) = $calls->('any.t', 'test-tools');
    isnt($status, 0, 'when one of them fails, so does make test-tools');
    is(scalar @calls, 2, 'which runs nothing else');

    ($status, @calls) = $calls->('no call', 'test-03');
    unlike($calls[0], qr/ -j ?(?!1\b)\d/, 'make test-03: one at a time');
    ($status, @calls) = $calls->('no call', 'test-05');
    like($calls[0], qr/ -j16 /, 'make test-05: many at a time');
};

subtest 'make setup comes before everything else' => sub {
    my $tree = tree_with_tools();
    # On this machine there is nothing until common/commands/setup has run to its end.
    my $here = "$tree/installed";
    fake($tree, 'pkg-config', <<"SH");
echo "pkg-config \$*" >>"\$LOG"
[ -e "$here" ] && exec $pkg_config "\$@"
SH
    write_file("$tree/common/commands/setup", <<"SH", 0755);
#!/bin/sh
echo "setup starts: \$*" >>"\$LOG"
sleep 0.3
[ -z "\$FAIL" ] || exit 1
echo "setup ends" >>"\$LOG"
: >"$here"
SH
    my $make = sub {
        my ($goals, %env) = @_;
        unlink $here, "$tree/log";
        my $ran = make($tree, $goals, PATH => own_path($tree), LOG => "$tree/log", %env);
        return ($ran, split /\n/, read_file("$tree/log"));
    };

    for my $goals ([qw(-j4 setup test)], [qw(-j4 test-05 setup lesson-05 test-01)],
        [qw(setup all)])
    {
        run(['rm', '-rf', "$tree/build/lessons"]);
        my ($ran, @log) = $make->($goals);
        succeeds($ran, "make @$goals");
        is(join(', ', @log[0, 1]), 'setup starts: , setup ends', 'setup is first, and ends first');
        is(scalar(grep {/^setup starts/} @log), 1, 'and is done once');
        cmp_ok(scalar @log, '>', 2, 'what comes after it looks for packages');
        is(scalar lines_like($ran->{out}, qr/^shown: /), scalar(grep {/lesson/} @$goals),
            'each goal is made once');
    }

    my ($ran, @log) = $make->([qw(-j4 setup-checks setup)]);
    succeeds($ran, 'make setup-checks setup');
    is_deeply([grep {/^setup/} @log], ['setup starts: checks', 'setup ends'], 'both at once');

    ($ran, @log) = $make->([qw(-j4 setup test)], FAIL => 1);
    isnt($ran->{status}, 0, 'when it fails, make fails');
    is_deeply(\@log, ['setup starts: '], 'and nothing else is done');

    for my $goals (['help'], ['setup'], ['clean'], ['-n', 'nothing-of-that-name']) {
        ($ran, @log) = $make->($goals);
        is_deeply([grep { !/^setup/ } @log],
            [], "make @$goals: to read the Makefile, no package is looked for");
    }
};

subtest 'what make is only to show, or asked about, is not done' => sub {
    my $tree = tree_with_tools();
    write_file("$tree/lessons/05-cake/exercise.out", "[ 0.00] cake: ready\n");
    write_file("$tree/lessons/05-cake/exercise.c", 'int main(void) { return 0; }');
    succeeds(make($tree, ['-j2']), 'make');
    my $before = files_below($tree);
    my @goals = (map({"$_-05"} qw(lesson exercise watch test out)), 'test', 'test-tools', 'score', 'memcheck', 'timelines');
    for my $goal (@goals) {
        my $ran = make($tree, ['-n', $goal]);
        succeeds($ran, "make -n $goal");
        unlike($ran->{out}, qr/^(?:shown|ok|1\.\.1)/m, 'shows only what would be done');
        like($ran->{out}, qr{common/|prove|make}, 'and does show it');
        is(make($tree, ['-q', $goal])->{out}, '', "make -q $goal says nothing");
        fails_with_a_line(make($tree, ['-t', $goal]), qr/make -t would take for built what is not/, "make -t $goal");
    }
    is(make($tree, [], MAKEFLAGS => 'n')->{status}, 0, 'MAKEFLAGS=n make');
    is_deeply(files_below($tree), $before, 'nothing is written');
};

subtest "make's own ways of being called" => sub {
    my $tree = tree_with_tools();
    fake($tree, $_, "echo another make >&2\nexit 1\n") for qw(make gmake bmake);
    my ($real) = make_command() =~ m{/} ? make_command() : grep {-x} map { "$_/" . make_command() } split /:/, $ENV{PATH};
    my $shown = sub {
        my ($how, $arguments, %env) = @_;
        my $ran = run([$real, @$arguments], dir => $tree, env => {CC => $quick_cc, PATH => own_path($tree), %env});
        succeeds($ran, $how);
        unlike($ran->{err}, qr/another make/, 'by this make');
        return join ', ', sort(lines_like($ran->{out}, qr/^shown/));
    };
    is($shown->('two goals at once', ['-j4', 'lesson-01', 'lesson-05', 'test-05']),
        'shown: lessons/01-tea, shown: lessons/05-cake', 'both are shown');
    for my $flags ('-R', '-r', '-B', '-e', '-k', '-s', '-w', '--no-print-directory', '--warn-undefined-variables') {
        is($shown->("make $flags", [$flags, 'lesson-05']), 'shown: lessons/05-cake', 'is shown');
    }
    for my $flags ('k', 'rR', '-j4 -k', ' --no-print-directory', 's') {
        is($shown->("MAKEFLAGS='$flags' make", ['lesson-05'], MAKEFLAGS => $flags), 'shown: lessons/05-cake', 'is shown');
    }
    is($shown->('MAKE=bmake make', ['lesson-05'], MAKE => 'bmake'), 'shown: lessons/05-cake', 'is shown');

    fake($tree, 'cc', "exec $quick_cc \"\$@\"\n");
    for ([['CC='], ''], [[], ''], [['-R'], undef]) {
        my ($arguments, $cc) = @$_;
        is($shown->("no compiler is named: make @$arguments", [@$arguments, 'lesson-05'], CC => $cc),
            'shown: lessons/05-cake', 'it is cc');
    }
    for my $directory ('tests', 'common', 'build', 'lessons/05-cake') {
        fails_with_a_line(make($tree, [$directory]), qr/^\Q$directory\E is a directory, and no command/, "make $directory");
    }
};

subtest 'the slides need what students never need' => sub {
    my $tree = tree_with_tools();
    fake($tree, 'node', "exit 1\n"); # too old
    for my $goal ('slides', 'test-slides') {
        fails_with_a_line(make($tree, [$goal], PATH => own_path($tree)),
            qr/^node 18 or newer is missing.*: `make setup-slides` installs it$/, "make $goal");
    }
    succeeds(make($tree, ['-j2', 'all', 'test'], PATH => own_path($tree)), 'make all test');

    # make setup-slides installs the packages that the lock file names, once.
    mkdir "$tree/slides";
    system('cp', 'slides/install', "$tree/slides") == 0 or die 'cannot copy';
    write_file("$tree/slides/$_", "$_ 1\n") for 'package.json', 'package-lock.json';
    write_file("$tree/common/commands/setup", qq(#!/bin/sh\necho "setup \$*" >>"\$LOG"\n), 0755);
    fake($tree, 'npm', <<'SH');
echo "npm $1 $2 $3" >>"$LOG"
[ -z "$FAIL" ] || { echo "npm: no network" >&2; exit 1; }
mkdir -p "$3/node_modules"
SH
    my $setup = sub {
        unlink "$tree/log";
        my $ran = make($tree, ['setup-slides'], PATH => own_path($tree), LOG => "$tree/log", @_);
        return ($ran, join ', ', split /\n/, read_file("$tree/log"));
    };
    my @both = ('setup slides', 'npm ci --prefix build/npm');
    my ($ran, $log) = $setup->(FAIL => 1);
    isnt($ran->{status}, 0, 'when npm fails, make fails');
    like($ran->{err}, qr/^npm: no network\nsetup: npm failed, as it says above/, 'and says so');
    for my $times ('first', 'after a change') {
        ($ran, $log) = $setup->();
        succeeds($ran, "make setup-slides, $times");
        is($log, join(', ', @both), 'the programs, then the packages');
        ($ran, $log) = $setup->();
        is($log, $both[0], 'again: they are there already');
        write_file("$tree/slides/package-lock.json", "2\n");
    }
    succeeds(make($tree, ['clean']), 'make clean');
    ok(-d "$tree/build/npm/node_modules", 'what was installed stays');
};

subtest 'make help' => sub {
    my $tree = tree();
    my $help = make($tree, ['help']);
    succeeds($help, 'make help');
    like($help->{out}, qr/^make lesson-05 +\S/m, 'says what to do');
    like($help->{out}, qr/^make setup +\S/m,     'and how to start');
    unlike($help->{out}, qr/^.{81}/m, 'in 80 columns');
};

done_testing();
