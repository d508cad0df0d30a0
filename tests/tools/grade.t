#!/usr/bin/env perl
# grade.t - make grade: a table of a class, whatever its students hand in, and whatever becomes
# of the machine meanwhile. What they try against the sandbox is in grade-attacks.t.
#
# Where nothing depends on the sandbox, `common/grade/judge` is a script that takes exercise.c
# for its own answer: "= passed 1".

use strict;
use warnings;

use lib 'tests';
use Course;
use Test::More;

delete @ENV{qw(BUILD SANITIZE CFLAGS LDFLAGS SLOW UNDER V CLASS LESSONS JOBS HOSTS SANDBOX)};
$ENV{TIMING} = 'off'; # where answers are judged, it is no time

my $has_parallel = (run(['parallel', '--version'])->{out} =~ /GNU/);
my $has_sandbox  = tool('bwrap') && run(['bwrap', '--ro-bind', '/', '/', '--unshare-pid', 'true'])->{status} == 0;
my $lacks        = !$has_parallel ? 'needs GNU parallel: `make setup-grade`'
    : !$has_sandbox ? 'needs bubblewrap, and a system that allows it: `make setup-grade`' : '';

my $tree  = $has_parallel ? tree_with_exercises() : '';
my $class = "$tree/class";
my $real  = "$tree/judge"; # the judge itself
run([make_command(), '-s', map {"build/$_"} 'common/grade/enter', 'solutions/01-tea/exercise', 'solutions/05-cake/exercise'], dir => $tree)
    if $tree;

sub hand_in {
    my ($student, $lesson, $text) = @_;
    my $path = "$class/$student/lessons/$lesson";
    run(['mkdir', '-p', $path]);
    return write_file("$path/exercise.c", $text);
}

# What `make grade` starts: grade('JOBS=2', ...).
sub grade {
    my %env = (CLASS => 'class', map { split /=/, $_, 2 } @_);
    return run(['common/grade/grade', 'lessons/01-tea', 'lessons/05-cake'], dir => $tree, env => \%env);
}

# The table, a line for each row, without its head; seconds are an N, times are a T.
sub table {
    my @rows = split /\n(?=")/, read_file("$tree/build/grade/grades.csv") =~ s/\n\z//r;
    shift @rows;
    return map { s/"\d+-\d\d-\d\dT\d\d:\d\d:\d\dZ"/"T"/r =~ s/,"\d+",("[^"]*")\z/,"N",$1/r } @rows;
}

sub has_rows {
    my ($name, @rows) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return is_deeply([table()], \@rows, $name) || diag(read_file("$tree/build/grade/grades.csv"));
}

# A judge that takes exercise.c for its own words, but for a solution, and writes down what it
# was asked.
sub pretend {
    run(['rm', '-rf', $class, "$tree/build/grade", "$tree/judged"]);
    rename "$tree/common/grade/judge", $real unless -e $real;
    return write_file("$tree/common/grade/judge", <<'SH', 0755);
#!/bin/sh
[ "$1" != --try ] || exit 0
read -r first <"$2"
echo "$first" >>judged
case $first in
'#include'*) echo '= passed 0' ;;
wait) while [ ! -e go-on ]; do sleep 0.1; done; echo '= passed 1' ;;
sink) # the first machine that has to judge it
    [ -z "$HOST_NAME" ] || [ -e died ] || { : >died; : >"$HOST_NAME.dead"; exit 255; }
    echo '= passed 1' ;;
die) [ -e go-on ] || kill -KILL $$; echo '= passed 1' ;;
*) cat "$2" ;;
esac
echo .
SH
}

# What was judged, but the solutions, since the last time.
sub judged {
    my @judged = sort grep { !/^#/ } split /\n/, read_file("$tree/judged");
    unlink "$tree/judged";
    return \@judged;
}

# Each tag is closed, nothing of a student's is one, and no script is needed.
sub is_page {
    my ($path) = @_;
    my $text = read_file($path);
    my @open;
    while ($text =~ /<(\/?)(\w+)[^>]*>/g) {
        next if $2 eq 'meta';
        !$1 ? push @open, $2 : @open && $open[-1] eq $2 ? pop @open : push @open, "/$2";
    }
    no_complaints("$path: its tags", @open);
    unlike($text, qr/<(?:b|script)>|[\x00-\x09\x0b-\x1f]/, '... are ours');
    return $text;
}

sub pages_are_right {
    my $grades = "$tree/build/grade";
    my $table  = is_page("$grades/index.html");
    like($table, qr{<th scope="row"><a href="students/_3d_22_0a_3cb_3e\.html">=&#34;\n&#60;b&#62;</a></th>}, 'a row is a student');
    like($table, qr{<th scope="col">01-tea</th><th scope="col">05-cake</th>}, 'a column is an exercise');
    like($table, qr{<td>1 of 2</td><td class="passed">passed<small>\d+-\d\d-\d\d</small></td>}, 'since when it has passed');
    like($table, qr{<td class="failed">failed<small>missing: cake: ready</small></td>}, 'or what differs');
    is_deeply([map { is_page($_); m{([^/]+)$} } sort glob "$grades/students/*"], ['_3d_22_0a_3cb_3e.html', 'ada.html', 'ben.html'], 'a page for each');
    like(read_file("$grades/students/ben.html"), qr{<h2>05-cake: failed</h2>\n<pre>Not yet:\n.*cake: burnt\n}s, 'with what was said');
    my $junit = read_file("$grades/junit.xml");
    like($junit, qr{^<testsuite name="class" tests="6" failures="4">$}m, 'JUnit');
    like($junit, qr{<testcase classname="ada" name="01-tea" time="\d+\.00"/>}, '... who has passed');
    like($junit, qr{<testcase classname="ben" name="05-cake" time="\d+\.00">\n    <failure message="failed">Not yet:}, '... and who has not');
    return;
}

sub tests {
    subtest 'a class' => sub {
        hand_in('ada', '01-tea', read_file("$tree/lessons/01-tea/exercise.c") =~ s/\/\*.*\*\//say("tea: ready");/r);
        hand_in('ada', '05-cake', "int x = y;\n");
        hand_in('ben', '01-tea', read_file("$tree/lessons/01-tea/exercise.c"));
        hand_in('ben', '05-cake', read_file("$tree/lessons/05-cake/exercise.c") =~ s/\/\*.*\*\//say("cake: burnt");/r);
        hand_in("=\"\n<b>", '05-cake', read_file("$tree/lessons/05-cake/exercise.c") =~ s/\/\*.*\*\//say("cake: ready");/r);
        my $ran = run([make_command(), '-s', 'grade', 'CLASS=class'], dir => $tree);
        is($ran->{status}, 0, 'it is no failure that somebody fails') or diag($ran->{err});
        has_rows('the table',
            qq("'=""\n<b>","01-tea","missing","","","there is no lessons/01-tea/exercise.c"),
            qq("'=""\n<b>","05-cake","passed","T","N",""),
            '"ada","01-tea","passed","T","N",""',
            '"ada","05-cake","does not compile","","N","lessons/05-cake/exercise.c:1:9: error: \'y\' undeclared here (not in a function)"',
            '"ben","01-tea","as given","","","This is the exercise as it was given."',
            '"ben","05-cake","failed","","N","missing: cake: ready"');
        like($ran->{out}, qr/^3 students, 2 exercises: 2 passed, /m, 'a line of it');
        unlike($ran->{err}, qr/</, 'who has a name for trouble makes none');
        pages_are_right();
        ok(!-e "$tree/build/progress" && !-e "$tree/build/failed", 'what others keep is left alone');
        $ran = grade();
        is($ran->{err}, '', 'once more: nothing is judged');
        $ran = grade('SANDBOX=none', 'LESSONS=cake');
        is(scalar table(), 3, 'one lesson');
        run(['rm', '-rf', "$tree/build/grade"]);
        grade('SANDBOX=none', 'LESSONS=5 1');
        is(scalar(grep {/"passed"/} table()), 2, 'without a sandbox it is the same');
    };
    return;
}

subtest 'a class in the sandbox' => sub { return $lacks ? lacking($lacks) : tests() };

subtest 'what was judged is known' => sub {
    return lacking($lacks) unless $has_parallel;
    pretend();
    hand_in("student$_", '01-tea', "= passed $_\n") for 1 .. 3;
    hand_in('student4', '01-tea', "= passed 3\n");
    grade();
    is_deeply(judged(), ['= passed 1', '= passed 2', '= passed 3'], 'each once, and what two have sent alike too');
    grade();
    is_deeply(judged(), [], 'not again');
    hand_in('student5', '05-cake', "= failed 5\n* missing: cake: ready\n| no\n");
    grade();
    is_deeply(judged(), ['= failed 5'], 'one submission more is one judgement more');
    write_file("$tree/lessons/05-cake/exercise.out", "[ 0.00] start\n");
    grade();
    is_deeply(judged(), ['= failed 5'], 'unless what it is judged by is another');
    has_rows('the table', (map {("\"student$_\",\"01-tea\",\"passed\",\"T\",\"N\",\"\"",
            "\"student$_\",\"05-cake\",\"missing\",\"\",\"\",\"there is no lessons/05-cake/exercise.c\"")} 1 .. 4),
        '"student5","01-tea","missing","","","there is no lessons/01-tea/exercise.c"',
        '"student5","05-cake","failed","","N","missing: cake: ready"');
};

subtest 'what a busy machine might have done' => sub {
    return lacking($lacks) unless $has_parallel;
    pretend();
    hand_in('a', '01-tea', "= failed 1\n* words\n");
    hand_in('b', '01-tea', "= failed 2\n* late\n");
    hand_in('c', '01-tea', "= can't be checked here 3\n");
    hand_in('d', '01-tea', "= failed 4\n* words\n* hang\n");
    hand_in('e', '01-tea', "= failed 5\n");
    hand_in('f', '01-tea', "= does not compile 6\n");
    hand_in('g', '01-tea', "= does not compile 7\n| The compiler was ended after 300 s.\n");
    grade();
    is_deeply(judged(), ["= can't be checked here 3", "= can't be checked here 3", '= does not compile 6', ('= does not compile 7') x 2, '= failed 1',
            ('= failed 2') x 2, ('= failed 4') x 2, ('= failed 5') x 2], 'is judged again, and nothing else');
    grade();
    is_deeply(judged(), [], 'and then it is known');
};

subtest 'what is no submission' => sub {
    return lacking($lacks) unless $has_parallel;
    pretend();
    my $secret = write_file("$tree/secret", "= passed 1\n");
    run(['mkdir', '-p', map {"$class/$_/lessons/01-tea"} qw(dangling directory fifo hard large link unreadable)]);
    my %is = (map { $_ => "$class/$_/lessons/01-tea/exercise.c" } qw(dangling directory fifo hard large link unreadable));
    symlink $secret, $is{link};
    symlink '/no/such/file', $is{dangling};
    mkdir $is{directory};
    run(['mkfifo', $is{fifo}]);
    link $secret, $is{hard};
    write_file($is{large}, 'x' x (256 * 1024 + 1));
    write_file($is{unreadable}, "= failed 1\n* words\n| words\n", 0000);
    hand_in('elsewhere', '01-tea', "= passed 1\n");
    rename "$class/elsewhere/lessons", "$class/real";
    symlink "$class/real", "$class/elsewhere/lessons";
    symlink "$class/hard", "$class/whole";
    write_file("$class/notes.txt", "hello\n");
    my $ran = grade('LESSONS=1');
    is($ran->{status}, 0, 'nobody stops the others') or diag($ran->{err});
    like($ran->{err}, qr/^grade: notes\.txt is left out: it is no directory\ngrade: whole is left out: it is no directory$/m, 'what is no student');
    my $unreadable = $> == 0 ? '"failed","","N","words"' : '"refused","","","exercise.c cannot be read: Permission denied"';
    has_rows('the table',
        '"dangling","01-tea","refused","","","exercise.c is a symbolic link"',
        '"directory","01-tea","refused","","","exercise.c is no file"',
        '"elsewhere","01-tea","refused","","","lessons is a symbolic link"',
        '"fifo","01-tea","refused","","","exercise.c is no file"',
        '"hard","01-tea","refused","","","exercise.c is a hard link to another file"',
        '"large","01-tea","refused","","","exercise.c is larger than 256 KiB"',
        '"link","01-tea","refused","","","exercise.c is a symbolic link"',
        '"real","01-tea","missing","","","there is no lessons/01-tea/exercise.c"',
        "\"unreadable\",\"01-tea\",$unreadable");
};

subtest 'stopped, and begun again' => sub {
    return lacking($lacks) unless $has_parallel;
    pretend();
    hand_in("student$_", '01-tea', "= passed $_\n") for 1 .. 3;
    hand_in('student4', '01-tea', "wait\n");
    my $pid = fork // die "fork: $!\n";
    if ($pid == 0) {
        setpgrp;
        chdir $tree or die;
        open STDOUT, '>', 'said' or die;
        open STDERR, '>&STDOUT' or die;
        @ENV{qw(CLASS JOBS)} = ('class', 2);
        exec 'common/grade/grade', 'lessons/01-tea', 'lessons/05-cake';
    }
    ok(wait_until(sub { my @known = glob "$tree/build/grade/results/*"; @known == 4 + 1 }), 'all but one are judged')
        or diag(read_file("$tree/said"));
    kill INT => -$pid; # as Ctrl-C does
    waitpid $pid, 0;
    is($? >> 8, 130, 'it is stopped');
    like(read_file("$tree/said"), qr/^grade: stopped\. The same command goes on from here\.$/m, 'and says so');
    judged();
    write_file("$tree/go-on", '');
    is(grade()->{status}, 0, 'it is begun again');
    is_deeply(judged(), ['wait'], 'with what was lacking');
    is(scalar(grep {/"passed"/} table()), 4, 'the table is whole');
    unlink "$tree/go-on";
};

subtest 'a judge that dies' => sub {
    return lacking($lacks) unless $has_parallel;
    pretend();
    hand_in('ada', '01-tea', "= passed 1\n");
    hand_in('ben', '01-tea', "die\n");
    my $ran = grade('LESSONS=tea');
    is($ran->{status}, 1, 'it fails') or diag($ran->{err});
    has_rows('the table is there', '"ada","01-tea","passed","T","N",""', '"ben","01-tea","no verdict","","","The judge has ended without one. The same command tries again."');
    is_deeply(judged(), ['= passed 1', 'die', 'die'], 'it was tried twice');
    write_file("$tree/go-on", '');
    is(grade()->{status}, 0, 'again');
    is_deeply(judged(), ['die'], 'only that is lacking');
    unlink "$tree/go-on";
};

# Machines are directories, and `ssh` a script: one that is dead closes the connection.
subtest 'several machines' => sub {
    return lacking($lacks) unless $has_parallel;
    return lacking('needs rsync: `make setup-grade`') unless tool('rsync');
    pretend();
    hand_in("student$_", '01-tea', "= passed $_\n") for 1 .. 5;
    hand_in('student6', '01-tea', "sink\n");
    is(grade('LESSONS=tea')->{status}, 0, 'one machine');
    my @here = table();
    run(['rm', '-rf', "$tree/build/grade"]);
    judged();
    write_file("$tree/to", <<"SH", 0755);
#!/bin/sh
while :; do case \$1 in -*) shift ;; *) break ;; esac; done
host=\$1
shift
[ "\$1" != -- ] || shift
[ "\$host" != other ] || { echo ready 0; exit; }
[ ! -e "$tree/\$host.dead" ] || exit 255
mkdir -p "$tree/home/\$host" && cd "$tree/home/\$host" &&
    exec env -i SHELL=/bin/sh HOST_NAME="\$host" HOME="\$PWD" TMPDIR=/tmp PATH="$ENV{PATH}" sh -c "\$*"
SH
    write_file("$tree/hosts", join '', "# a comment\n\n", map {"$tree/to $_\n"} qw(a b c away other));
    write_file("$tree/away.dead", '');
    my $ran = grade('LESSONS=tea', "HOSTS=$tree/hosts", 'JOBS=1');
    is($ran->{status}, 0, 'three, one of which dies') or diag($ran->{err});
    ok(-e "$tree/died", 'it has died');
    is_deeply([table()], \@here, 'the same table');
    like($ran->{err}, qr{^grade: \Q$tree\E/to away is left out: it does not answer}m, 'one that is dead at the beginning is left out');
    like($ran->{err}, qr{^grade: \Q$tree\E/to other is left out: its course or compiler is not the same as here$}m, 'and one that has another course');
    is_deeply([grep {-f} run(['find', (grep { m{([^/]+)$} && !-e "$tree/$1.dead" } glob "$tree/home/*"), '-name', '*.c', '-print0'])->{out} =~ /([^\0]+)/g], [], 'no submission is left there');
    write_file("$tree/hosts", "$tree/to away\n");
    $ran = grade("HOSTS=$tree/hosts");
    is($ran->{status}, 2, 'none that answers: it fails');
    like($ran->{err}, qr/^grade: none of the machines in HOSTS=\Q$tree\E\/hosts can judge$/m, '... with a sentence');
};

subtest 'what cannot be done' => sub {
    return lacking($lacks) unless $has_parallel;
    pretend();
    hand_in('ada', '01-tea', "= passed 1\n");
    run(['mkdir', '-p', "$tree/empty"]);
    my %says = (
        'CLASS='            => 'which class\? make grade CLASS=DIR',
        'CLASS=nowhere'     => 'CLASS=nowhere is no directory',
        'CLASS=empty'       => "there is no student's directory in CLASS=empty",
        'LESSONS=07'        => 'there is no lesson "07" with an exercise',
        'JOBS=none'         => 'JOBS is a whole number from 1 to 1000, not "none"',
        'JOBS=0'            => 'JOBS is a whole number from 1 to 1000, not "0"',
        'CLASS=/usr/lib'    => '/usr/lib is in /usr, which programs in the sandbox see: put it elsewhere',
        'HOSTS=nowhere'     => 'HOSTS=nowhere is no file',
        'SANITIZE=address'  => 'SANITIZE is for programs that one looks at, not for grading',
    );
    for my $setting (sort keys %says) {
        my $ran = grade($setting);
        is($ran->{status}, 2, "$setting: it fails");
        like($ran->{err}, qr/^grade: $says{$setting}/m, '... with a sentence');
    }
    my $tools = scratch();
    write_file("$tools/bwrap", "#!/bin/sh\necho 'bwrap: No permissions to create a new namespace' >&2; exit 1\n", 0755);
    rename $real, "$tree/common/grade/judge";
    my $ran = grade("PATH=$tools:$ENV{PATH}");
    is($ran->{status}, 2, 'no sandbox: it refuses');
    like($ran->{err}, qr/^grade: there is no sandbox here.*\n  bwrap: No permissions.*\n.*\n.*SANDBOX=none/m, '... and says what is missing');
    is(read_file("$tree/judged"), '', '... and nothing is judged');
    write_file("$tools/parallel", "#!/bin/sh\n", 0755);
    $ran = grade("PATH=$tools:$ENV{PATH}");
    is($ran->{status}, 2, 'another parallel: it refuses');
    like($ran->{err}, qr/^grade: GNU parallel is missing.*setup-grade/m, '... and says how to get it');
};

done_testing();
