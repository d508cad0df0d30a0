#!/usr/bin/env perl
# demo.t - common/commands/demo, a lesson on the projector. The programs of the lesson are
# a few lines of shell; the keys come from a file.

use strict;
use warnings;

use lib 'tests';
use Course;
use Cwd qw(abs_path);
use File::Path qw(make_path);
use Test::More;

my $demo = abs_path('common/commands/demo');
my $dir  = scratch();
make_path("$dir/lessons/01-x", "$dir/build/lessons/01-x", "$dir/build/common", "$dir/tmp");
symlink abs_path(build_dir() . '/common/show'), "$dir/build/common/show" or die "symlink: $!";
symlink abs_path('common'), "$dir/common" or die "symlink: $!";

sub program {
    my ($name, $script) = @_;
    write_file("$dir/build/lessons/01-x/$name", "#!/bin/sh\n$script\n", 0755);
    write_file("$dir/lessons/01-x/$name.c", "int main(void) {}\n");
}

# What is on each screen, when these keys are pressed.
sub screens {
    my ($keys, %env) = @_;
    my $ran = run(['sh', '-c', "printf '$keys' | \"\$demo\" lessons/01-x"],
        dir => $dir, env => {BUILD => 'build', LINES => 28, COLUMNS => 88, ARGS => undef,
            WITH => undef, TMPDIR => "$dir/tmp", demo => $demo, %env});
    is($ran->{err}, '', 'no complaint');
    my @screens = split /\e\[7m any key: on, q: end \e\[0m\r\e\[K/, $ran->{out};
    return ($ran->{status}, @screens);
}

program(x_sync  => q{echo "[ 0.00] a: starts"; echo "[ 1.00] a: ends"; touch sync});
program(x_async => q{echo "[ 0.00] a: starts"; echo "given: $*"});
program(x_async_more => q{echo "[ 0.00] a: more"; ls sync});

subtest 'a screen for each two programs, the picture, the totals' => sub {
    my ($status, @screens) = screens('xxx');
    is($status, 0, 'it is well');
    is(@screens, 4, 'four screens');
    like($screens[0], qr/\Ax_sync +x_async\n-+ +-+\n/, 'two side by side');
    like($screens[0], qr/^\[ 1\.00\] a: ends/m, 'to the end');
    like($screens[1], qr/\Ax_async_more\n-+\n\[ 0\.00\] a: more\nsync\n-- ended.*\s*\z/, 'the third');
    like($screens[2], qr/\AWho did what when\n/, 'the picture');
    like($screens[3], qr/\AHow long it took\n/, 'the totals');
    is_deeply([glob "$dir/tmp/*"], [], 'nothing is left behind');
};

subtest 'q ends it, and the next programs are not started' => sub {
    unlink "$dir/sync", "$dir/more";
    program(x_async_more => q{touch more});
    my ($status, @screens) = screens('q');
    is($status, 0, 'that is no failure');
    is(@screens, 1, 'one screen');
    ok(-e "$dir/sync" && !-e "$dir/more", 'it waited before the third program');
    is_deeply([glob "$dir/tmp/*"], [], 'nothing is left behind');
};

subtest 'no screen has more lines than fit' => sub {
    program(x_sync => q{i=0; while [ $i -lt 70 ]; do echo "[ 0.00] a: line $((i += 1))"; done});
    for my $rows (28, 20) {
        my ($status, @screens) = screens('x' x 20, LINES => $rows);
        is((grep { tr/\n// > $rows - 1 } @screens), 0, 'none');
        is_deeply([join('', @screens[0 .. 5]) =~ /a: line (\d+)/g], [1 .. 70], 'nothing is lost');
        is((grep {/\A\s*\z/} @screens), 0, 'no screen is empty');
    }
};

subtest 'no keys: it goes on by itself' => sub {
    my ($status, @screens) = screens('');
    is($status, 0, 'it is well');
    like($screens[-1], qr/\AHow long it took\n/, 'to the end');
};

subtest 'other arguments' => sub {
    write_file("$dir/lessons/01-x/x_async\@5.out", "exit 3\n");
    write_file("$dir/lessons/01-x/x_async\@6.out", "exit 4\n");
    my ($status, @screens) = screens('', ARGS => '/page/1?a=1&b=2 *');
    is($status, 0, 'whatever status is recorded');
    is(() = join('', @screens) =~ /given: \/page\/1\?a=1&b=2 \*\n/g, 1, 'are given to it, once');
    ($status, @screens) = screens('');
    is(() = join('', @screens) =~ /given: [56]\n/g, 2, 'or else those that are recorded');
};

subtest 'a program that fails' => sub {
    program(x_sync => 'exit 7');
    my ($status) = screens('');
    is($status, 1, 'is told');
};

done_testing();
