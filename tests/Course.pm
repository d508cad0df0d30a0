# Course.pm - what the tests of the repository share: files, lessons, commands
# that are run and looked at. Tests are run from the top of the tree.

package Course;

use strict;
use warnings;

use Cwd qw(abs_path);
use Exporter 'import';
use File::Find;
use File::Temp qw(tempdir);
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

our @EXPORT = qw(read_file write_file tracked_files lessons about_of run git tool lacking
    no_complaints patience wait_until source_of flags_of changed with_far_deadline make_command build_dir compiler_of_the_course scratch bare_tree built_tree
    tree_with_exercises save_answer save_script no_compiler);

# We may be a part of `make test` ourselves: what make and prove said to us is
# not meant for those that we start.
delete @ENV{qw(MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES MAKE_TERMOUT MAKE_TERMERR)};
# Nor is what git said, in whose hook we may be: it names the repository to write to.
delete @ENV{ grep {/^(?:HARNESS|GIT)_/} keys %ENV };
# Who is started in the background ignores Ctrl-C, and so does what he starts.
$SIG{$_} = 'DEFAULT' for qw(INT QUIT);
$ENV{LC_ALL} = 'C'; # the words of make and the compiler are looked at

sub make_command { return $ENV{MAKE} || 'make' }
sub build_dir    { return $ENV{BUILD} || 'build' }

# A directory that is gone when the test ends.
sub scratch { return tempdir(CLEANUP => 1) }

# A copy of all but the lessons and the tests, to try things in.
sub bare_tree {
    my $tree = scratch();
    system('mkdir', "$tree/lessons", "$tree/tests") == 0 or die "cannot make directories\n";
    system('cp', '-Rp', 'Makefile', 'common', $tree) == 0 or die "cannot copy\n";
    system('cp', '-Rp', (grep {-f} glob 'tests/*'), 'tests/subjects', "$tree/tests") == 0 or die "cannot copy\n";
    return abs_path($tree);
}

# The same, and the tools need not be built again: if the flags are the same, make has nothing
# to do.
sub built_tree {
    my ($tree, $build) = (bare_tree(), build_dir());
    my @made = grep {-e} map {"$build/$_"} qw(flags common tests);
    mkdir "$tree/build" or die "$tree/build: $!\n";
    system('cp', '-Rp', @made, "$tree/build") == 0 or die "cannot copy\n" if @made;
    unlink glob "$tree/build/common/check/{left,mistakes}.*[0-9]*"; # of exercises that are just judged there
    return $tree;
}

# A course of two lessons, 01-tea and 05-cake, whose exercise is one line that is
# missing. To be saved as an answer: 'right', 'given', or lines of C.
my %starter = (
    '01-tea'  => ['say("tea: ready");',  '/* TODO: let the tea be ready too */'],
    '05-cake' => ['say("cake: ready");', '/* TODO: let the cake be ready too */'],
);

sub tree_with_exercises {
    my $tree = built_tree();
    for my $name (sort keys %starter) {
        my ($number, $slug) = split /-/, $name;
        mkdir $_ or die "$_: $!\n"
            for grep { !-d } "$tree/tests/solutions", "$tree/tests/solutions/$name", "$tree/lessons/$name";
        write_file("$tree/lessons/$name/about", "part: 1 Tea\nminutes: 5 + 10\npair: lines\n");
        write_file("$tree/lessons/$name/README.md", "# $number \u$slug\n");
        write_file("$tree/lessons/$name/exercise.hints", "Look at the end.\nAnd think.\n\nIt is say().\n");
        write_file("$tree/lessons/$name/exercise.out", "[ 0.00] start\n[ 0.00] $slug: ready\n");
        my ($answer, $todo) = @{ $starter{$name} };
        write_file("$tree/tests/solutions/$name/exercise.c", exercise(
            "#ifdef SOLUTION", "    $answer", "#else", "    $todo", "#endif"));
        save_answer($tree, $name, 'given');
    }
    return $tree;
}

sub exercise {
    return join '', map {"$_\n"} '#include "lesson.h"', '', 'int main(void)', '{', '    say("start");', @_, '}';
}

# What the student has in exercise.c, put in its place as many editors do it.
sub save_answer {
    my ($tree, $name, @lines) = @_;
    my ($right, $given) = @{ $starter{$name} };
    my %known = (right => $right, given => $given);
    my $file  = "$tree/lessons/$name/exercise.c";
    write_file("$file.new", exercise(map {"    $_"} map { $known{$_} // $_ } @lines));
    return rename "$file.new", $file;
}

# Where nothing depends on the compiler: a `make` that takes exercise.c for the program, and what
# is saved then, lines of sh behind the one that prints "start".
sub no_compiler {
    my ($tree) = @_;
    return write_file("$tree/no-compiler", <<'SH', 0755);
#!/bin/sh
for program; do :; done
cp "${program#build/}.c" "$program.new" && chmod +x "$program.new" && mv "$program.new" "$program"
SH
}

sub save_script {
    my ($tree, $name, @lines) = @_;
    my $file = "$tree/lessons/$name/exercise.c";
    write_file("$file.new", join '', map {"$_\n"} '#!/bin/sh', 'echo "[ 0.00] start"', @lines);
    return rename "$file.new", $file;
}

sub read_file {
    my ($path) = @_;
    open my $file, '<', $path or return '';
    local $/;
    return scalar <$file> // '';
}

sub write_file {
    my ($path, $text, $mode) = @_;
    open my $file, '>', $path or die "$path: $!";
    print $file $text;
    close $file or die "$path: $!";
    chmod $mode, $path if $mode;
    return $path;
}

# All files that belong to the repository, or will when they are added: those that
# git does not ignore, or, in a tree that came without git, all but what is built.
sub tracked_files {
    if (-e '.git') {
        my $built = build_dir();
        my $git   = run([qw(git ls-files -z --cached --others --exclude-standard)]);
        return grep { -f && !m{^\Q$built\E/} } split /\0/, $git->{out}
            if $git->{status} == 0;
    }
    my @files;
    my $look = sub {
        my $path = $File::Find::name =~ s{^\./}{}r;
        if (-d && ($path eq build_dir() || /^(?:build|node_modules|\.git)$/)) {
            $File::Find::prune = 1;
        } elsif (-f) {
            push @files, $path;
        }
    };
    find($look, '.');
    return sort @files;
}

# The lessons' directories, in order: lessons/01-print, ...
sub lessons { return grep {-d} sort glob 'lessons/*' }

# What a lesson's `about` says: ($key => $value, ...), in its order.
sub about_of {
    my ($lesson) = @_;
    return map { /^(\w+): (.*)$/ ? ($1 => $2) : ($_ => undef) }
        split /\n/, read_file("$lesson/about");
}

# The source of a lesson's program with its lesson's header in it, so that something can
# be changed in all of it: source_of('lessons/14-blocking/blocking_sync.c').
sub source_of {
    my ($path) = @_;
    my ($lesson) = $path =~ m{^(.*)/};
    return read_file($path) =~ s{^#include "([^"]+)"\n}{
        -e "$lesson/$1" ? read_file("$lesson/$1") : $&}gmer;
}

# What common/commands/needs says of a lesson, or of needs by name: flags_of('lessons/18-api', '--libs').
my %flags_of;

sub flags_of {
    my ($needs, $options) = @_;
    return @{ $flags_of{"$options $needs"} //= [split ' ', run(['common/commands/needs', $options, $needs])->{out}] };
}

# A lesson's program with something else in its source: changed('lessons/18-api/api_sync',
# sub { $_[0] =~ s/400/10/r }). Returns its path; it is gone when the test ends.
sub changed {
    my ($program, $change) = @_;
    my ($lesson, $name) = $program =~ m{^(.*)/(.*)$};
    my $made    = scratch() . "/$name";
    my $source  = source_of("$program.c");
    my $code    = $change->($source);
    my @objects = map { build_dir() . "/common/$_.o" } 'lesson', $source =~ /"fetch\.h"/ ? qw(fetch fetch_error) : ();
    my $built   = run([compiler_of_the_course(CFLAGS => '-O0'), flags_of($lesson, '--cflags'), '-o', $made,
            write_file("$made.c", $code), @objects, flags_of($lesson, '--libs')]);
    die "$program, changed, can't be built: $built->{err}" if $built->{status} != 0 || $code eq $source;
    return $made;
}

# The same for one that gives its pages a deadline: nobody but who is silent can miss it, and
# nobody else lets it wait. The second argument is what names the page there.
sub with_far_deadline {
    my ($program, $url) = @_;
    return changed($program, sub {
        my $code = $_[0] =~ s/(?:, |\(long\))\KDEADLINE\b(?=[,)])/(strstr($url, "\/silent") ? 300 : 1000 * 1000)/gr;
        return $code eq $_[0] ? $code : "#include <string.h>\n" . $code =~ s/\bdelay=/no_delay=/gr;
    });
}

my ($outputs, $runs); # where run() keeps what is printed, and how often it ran

# Run a command to its end: run(['make', 'x'], dir => ..., env => {CC => 'gcc'}).
# An undefined variable is unset. Returns {out, err, status, signal}.
sub run {
    my ($command, %how) = @_;
    $outputs //= abs_path(scratch()); # a File::Temp for each would cost more than the rest
    my ($out, $err) = map { "$outputs/$_" . ++$runs } qw(out err);
    my $pid = fork // die "fork: $!";
    if ($pid == 0) {
        my %env = %{ $how{env} || {} };
        defined $env{$_} ? ($ENV{$_} = $env{$_}) : delete $ENV{$_} for keys %env;
        chdir $how{dir} or POSIX::_exit(126) if $how{dir};
        open STDIN,  '<',  '/dev/null' or POSIX::_exit(126);
        ($how{stdout} ? open STDOUT, '>&', $how{stdout} : open STDOUT, '>', $out) or POSIX::_exit(126);
        open STDERR, '>', $err or POSIX::_exit(126);
        { no warnings 'exec'; exec {$command->[0]} @$command; }
        print STDERR "cannot run $command->[0]: $!\n";
        POSIX::_exit(127);
    }
    # What hangs is ended; nothing here takes nearly so long, on the busiest machine.
    local $SIG{ALRM} = sub { diag("takes too long: @$command"); kill TERM => $pid };
    alarm 600;
    1 until waitpid($pid, 0) == $pid;
    my $ended = $?;
    alarm 0;
    my %ran = (out => read_file($out), err => read_file($err), status => $ended >> 8, signal => $ended & 127);
    unlink $out, $err;
    return \%ran;
}

# git in a directory, whatever its user has configured: git($dir, 'commit', ...). Returns what
# run() does.
sub git {
    my ($dir, @arguments) = @_;
    my %who = map { ("GIT_${_}_NAME" => 'A', "GIT_${_}_EMAIL" => 'a@example.com') } qw(AUTHOR COMMITTER);
    return run(['git', @arguments], dir => $dir, env => {%who, GIT_EDITOR => 'true',
            GIT_CONFIG_GLOBAL => '/dev/null', GIT_CONFIG_NOSYSTEM => 1, HOME => $dir, XDG_CONFIG_HOME => undef});
}

# Seconds to wait for what takes a moment: what takes a second takes a busy machine minutes.
sub patience { return 300 * ($ENV{SLOW} || 1) }

# Until it is true; returns whether it became so.
sub wait_until {
    my ($condition) = @_;
    my $end = time + patience();
    while (!$condition->()) {
        return 0 if time > $end;
        sleep 0.02;
    }
    return 1;
}

# Whether there is such a command.
sub tool {
    my ($name) = @_;
    return scalar grep { -x "$_/$name" && !-d _ } split /:/, $ENV{PATH};
}

# In a subtest: it can't be done here. It is skipped, or fails if none may be.
sub lacking {
    my ($reason) = @_;
    plan(skip_all => $reason) unless $ENV{REQUIRE_ALL};
    return fail("$reason, and REQUIRE_ALL is set");
}

sub no_complaints {
    my ($name, @complaints) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return ok(!@complaints, $name) || diag(map {"  $_\n"} @complaints);
}

# The compiler with the options that the Makefile gives it, as a list. It is
# asked, so that there is no second list that must be kept like the first.
my %compiler_with;

sub compiler_of_the_course {
    my (%settings) = @_;
    my @settings = map {"$_=$settings{$_}"} sort keys %settings;
    return @{ $compiler_with{"@settings"} //= ask_make_for_its_compiler(@settings) };
}

sub ask_make_for_its_compiler {
    my (@settings) = @_;
    my $rule = File::Temp->new(SUFFIX => '.mk');
    write_file("$rule", "show-compiler: ; \@printf '%s\\n' '\$(subst ','\\'',\$(compile))'\n");
    my $made = run([make_command(), '-f', 'Makefile', '-f', "$rule", 'show-compiler', @settings]);
    die "make does not show its compiler: $made->{err}" if $made->{status} != 0;
    return [split ' ', $made->{out}];
}

1;
