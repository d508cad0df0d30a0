#!/usr/bin/env perl
# bench.t - tests/bench/measurements: what programs measure becomes a table, and a program
# that fails, or measures something else than is recorded, is no row of it.

use strict;
use warnings;

use lib 'tests';
use Course;
use File::Path qw(make_path);
use Test::More;

my $tree = bare_tree();
make_path("$tree/tests/bench");
system('cp', 'tests/bench/measurements', "$tree/tests/bench") == 0 or die "cannot copy\n";

# A program, which prints another of these texts each time, and what is recorded.
sub program {
    my ($path, $recorded, @texts) = @_;
    my ($directory, $name) = $path =~ m{(.*)/(.*)};
    make_path("$tree/$directory", "$tree/build/$directory");
    write_file("$tree/$name", "0\n");
    write_file("$tree/$directory/about", "part: 1 Tea\nminutes: 5 + 10\npair: lines\n");
    write_file("$tree/$path.out", $recorded);
    my $script = "#!/bin/sh\nread -r n <$tree/$name; n=\$((n % @{[scalar @texts]} + 1)); echo \$n >$tree/$name\n";
    $script .= "case \$n in\n" . join('', map { "$_) printf '$texts[$_ - 1]' ;;\n" } 1 .. @texts) . "esac\n";
    $script .= "exit $1\n" if $recorded =~ /^exit (\d+)/m;
    return write_file("$tree/build/" . ($path =~ s/@.*//r), $script, 0755);
}

sub measured { return run(["$tree/tests/bench/measurements", @_], dir => $tree, env => {BUILD => undef}) }

program('lessons/01-tea/tea_sync', "[ 0.00] tea\n~ cup 7: 1.5 s, 3 kB2\n", map {"[ 0.00] tea\\n~ cup 7: $_ s, 3 kB2\\n"} qw(0.2 10.5 1));
program('lessons/01-tea/tea_async@4', "~ rings: 4\nexit 3\n", '~ rings: 4\n');
program('lessons/01-tea/tea_async_wrong', "~ rings: 4\n", 'never');
program('lessons/05-cake/cake_sync', "[ 0.00] cake\n", 'not run\n');

my $ran = measured(3);
is($ran->{out}, <<'T', 'numbers: the median, and from the smallest to the largest; one: once');
01-tea, tea_async 4
    rings: 4
01-tea, tea_sync
    cup 7: 1 (0.2 to 10.5) s, 3 kB2
T
is("$ran->{status} $ran->{err}", '0 ', 'all is well');
is(measured(1, 'lessons/05-cake')->{out}, '', 'a lesson that measures nothing');
is(measured($_)->{status}, 255, "no number of rounds: $_") for 0, 'x';
isnt(measured(1, 'lessons/99-none')->{status}, 0, 'no such lesson');

program('lessons/01-tea/tea_sync', "~ a cup: 1.5 s\n", '~ a cup: 2.5 s\n', '~ a pot: 2 s\n');
program('lessons/05-cake/cake_sync', "~ rings: 4\n", 'not run');
write_file("$tree/build/lessons/05-cake/cake_sync", "#!/bin/sh\necho '~ rings: 4'\nexit 1\n", 0755);
$ran = measured(2);
like($ran->{out}, qr/^    a cup: 2.5 s$/m, 'of a program that measures something else the other runs are shown');
my $failed = qr{the program has failed, or has measured something else\n};
like($ran->{err}, qr{^lessons/01-tea/tea_sync\.out: $failed~ a pot}m, 'it is said');
like($ran->{err}, qr{^lessons/05-cake/cake_sync\.out: $failed~ rings}m, 'so it is of another exit status');
is($ran->{status}, 1, 'and it is a failure');

done_testing;
