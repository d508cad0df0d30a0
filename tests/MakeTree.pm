# MakeTree.pm - small copies of the course, in which the Makefile is tried out, and what is made
# there. MAKE=... says with which make.

package MakeTree;

use strict;
use warnings;

use Course;
use Cwd qw(abs_path);
use Exporter 'import';
use File::Find;
use Test::More;

our @EXPORT = qw(@cc $pkg_config $quick_cc spare tree tree_with_tools tree_for_lessons add_lesson fake make make_really
    make_lessons own_path succeeds fails_with_a_line files_below age touch made_since programs_of lines_like);

my $scratch = scratch();
our @cc         = split ' ', $ENV{CC} || 'cc';
our $pkg_config = $ENV{PKG_CONFIG} || (grep {-x} map {"$_/pkg-config"} split /:/, $ENV{PATH})[0];

# Settings of those who run this test are not meant for the makes that it tries.
delete @ENV{qw(BUILD SANITIZE LDFLAGS PKG_CONFIG REQUIRE_ALL SLOW TIMING UNDER V)};
$ENV{CFLAGS} = '-O0'; # as quick as can be

# Most of what is tried here needs no real compiler, which takes its time. This
# one makes programs that say what they are asked to do.
write_file("$scratch/made", <<'SH', 0755);
#!/bin/sh
case $0 in
*/check) printf '1..1\nok 1 - checked %s\n' "$*" ;;
*/show) echo "shown: $*" ;;
esac
SH
write_file("$scratch/quick-cc.c", <<"C");
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
int main(int argc, char *argv[])
{
    char text[4096];
    int from = open("$scratch/made", O_RDONLY), to = -1;
    for (int i = 1; i < argc - 1; i++)
        if (strcmp(argv[i], "-o") == 0)
            to = open(argv[i + 1], O_WRONLY | O_CREAT | O_TRUNC, 0755);
        else if (strcmp(argv[i], "-MF") == 0)
            close(open(argv[i + 1], O_WRONLY | O_CREAT | O_TRUNC, 0644));
    ssize_t size = read(from, text, sizeof text);
    return to < 0 || write(to, text, size) != size;
}
C
our $quick_cc = "$scratch/quick-cc";
run([@cc, '-o', $quick_cc, "$quick_cc.c"])->{status} == 0 or die "cannot compile $quick_cc.c\n";

# One that compiles a lesson's programs really, and nothing else.
our $half_cc = write_file("$scratch/half-cc", <<"SH", 0755);
#!/bin/sh
case "\$*" in
*" -o build/lessons/"* | *" common/lesson.c"*) exec @cc "\$@" ;;
*) exec $quick_cc "\$@" ;;
esac
SH

# The sources of the tools, which take the compiler's time, may say nothing but what can be
# built; except some.
sub spare {
    my ($tree, @except) = @_;
    my $is_needed = join '|', 'lesson', @except;
    my $spare = sub {
        return if !/\.c$/ || /^(?:$is_needed)\.c$/;
        write_file($_, read_file($_) =~ /\bint main\(/ ? "int main(void) { return 0; }\n" : "extern int nothing;\n");
    };
    find($spare, map {"$tree/$_"} qw(common tests));
    return $tree;
}

# One file stands for all that the checker is made of.
sub tree {
    my $tree = bare_tree();
    unlink grep { !m{/check\.c$} } glob "$tree/common/check/*.c";
    add_lesson($tree, '01-tea');
    add_lesson($tree, '05-cake');
    return $tree;
}

# The same, with tools that the quick compiler has made: for what is not about building.
my $with_tools;

sub tree_with_tools {
    if (!$with_tools) {
        $with_tools = tree();
        succeeds(make($with_tools, ['-j2', 'tools']), 'make tools');
    }
    my $tree = scratch() . '/tree';
    system('cp', '-Rp', $with_tools, $tree) == 0 or die 'cannot copy';
    return abs_path($tree);
}

# The same for make_lessons(): with its compiler only what a lesson is made of is made anew.
sub tree_for_lessons {
    my $tree  = tree_with_tools();
    my $flags = "$tree/build/flags";
    write_file($flags, read_file($flags) =~ s/\Q$quick_cc\E/$half_cc/r);
    unlink glob "$tree/build/common/lesson.*";
    age($tree);
    return $tree;
}

# A lesson that takes no time: add_lesson($tree, '06-jam', needs => 'threads').
sub add_lesson {
    my ($tree, $name, %more) = @_;
    my ($number, $slug) = split /-/, $name;
    my $lesson = "$tree/lessons/$name";
    mkdir $lesson or die "$lesson: $!";
    write_file("$lesson/README.md", "# $number \u$slug for two\n\n**A lesson.**\n");
    my %about = (part => '2 Afternoon', minutes => '5 + 10', pair => 'lines', %more);
    write_file("$lesson/about", join '', map {"$_: $about{$_}\n"} sort keys %about);
    for my $program ("${slug}_sync", "${slug}_async") {
        write_file("$lesson/$program.c", <<"C");
#include "lesson.h"
int main(void)
{
    say("$slug: ready");
}
C
        write_file("$lesson/$program.out", "[ 0.00] $slug: ready\n");
    }
    return;
}

# An executable of ours in $tree/bin; its path.
sub fake {
    my ($tree, $name, $script) = @_;
    mkdir "$tree/bin";
    return write_file("$tree/bin/$name", "#!/bin/sh\n$script", 0755);
}

# Run make in a tree: make($tree, ['-j4', 'all'], PATH => ...).
sub make {
    my ($tree, $arguments, %env) = @_;
    return run([make_command(), @$arguments], dir => $tree, env => {CC => $quick_cc, %env});
}

# The same with a real compiler, for all or for the lessons' programs.
sub make_really  { return make(@_, CC => "@cc") }
sub make_lessons { return make(@_, CC => $half_cc) }

# PATH, so that a tree's own tools are found first.
sub own_path { return "$_[0]/bin:$ENV{PATH}" }

sub succeeds {
    my ($ran, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return is($ran->{status}, 0, $name) || diag($ran->{out}, $ran->{err});
}

# It fails, and says why in one line, not counting what make itself says.
sub fails_with_a_line {
    my ($ran, $like, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my @lines = grep { !/^\S*make(?:\[\d+\])?:|^cc / } split /\n/, "$ran->{err}$ran->{out}";
    isnt($ran->{status}, 0, "$name: fails");
    is(scalar @lines, 1, "$name: in one line") || diag($ran->{out}, $ran->{err});
    return like($lines[0] // '', $like, "$name: which says why");
}

# All files below a directory: {path => which file it is, and the time of its last change}.
# What is made anew is another file.
sub files_below {
    my ($directory) = @_;
    my %files;
    find(sub { $files{ $File::Find::name =~ s{^\Q$directory\E/?}{}r } = join ' ', (lstat)[1, 9] if -f },
        $directory)
        if -d $directory;
    return \%files;
}

# Let everything in a tree be old, and what is built newer than what it is built from; so
# that what changes from then on is newer even where the make or the disk only knows whole
# seconds.
sub age {
    my ($tree) = @_;
    my $built = abs_path("$tree/build") // '';
    my $now   = time; # for all: a second may pass meanwhile
    find(
        sub {
            my $age = $File::Find::name =~ m{^\Q$built\E/} ? 1000 : 2000;
            utime $now - $age, $now - $age, $_;
        },
        $tree
    );
    return files_below("$tree/build");
}

sub touch {
    my ($path) = @_;
    return utime time - 500, time - 500, $path;
}

# Which of the built files were made anew since they were aged; the compiler's
# notes about what includes what (.d) belong to the others.
sub made_since {
    my ($tree, $before) = @_;
    my $now = files_below("$tree/build");
    return grep { !/\.d$/ && $now->{$_} ne ($before->{$_} // '') } sort keys %$now;
}

sub programs_of {
    my ($tree) = @_;
    return map {s{^\Q$tree\E/(.*)\.c$}{$1}r} grep { !m{/exercise\.c$} } sort glob "$tree/lessons/*/*.c";
}

sub lines_like { return grep { $_ =~ $_[1] } split /\n/, $_[0] }

1;
