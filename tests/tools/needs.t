#!/usr/bin/env perl
# needs.t - a lesson that asks the web site or a database: it is linked with what it needs
# and started inside of it by every command; where that is missing, the lesson says so, and
# nothing else does.

use strict;
use warnings;

use lib 'tests';
use Course;
use Test::More;

delete @ENV{qw(BUILD SANITIZE LDFLAGS REQUIRE_ALL SLOW UNDER V)};
$ENV{TIMING} = 'off'; # what is tested here is no time
my $pkg_config = $ENV{PKG_CONFIG} || 'pkg-config';

my $asks = <<'END';
#include "fetch.h"
#include "lesson.h"

int main(void)
{
    struct fetch page = {0};
    CURL *easy = curl_easy_init();
    char url[256];

    say("start");
    snprintf(url, sizeof url, "%s/page/1", site());
    fetch_and_wait(easy, &page, url, 120000);
    say("page: %ld", page.status);
    fetch_cleanup(&page);
    curl_easy_cleanup(easy);
    return 0;
}
END
my $plain = qq(#include "lesson.h"\n\nint main(void)\n{\n    say("start");\n    return 0;\n}\n);

# A course of two lessons: 01-tea is plain, and 02-web has these `needs`.
sub tree {
    my ($needs, $program) = @_;
    my $tree = built_tree();
    mkdir "$tree/lessons/$_" or die for '01-tea', '02-web';
    write_file("$tree/lessons/01-tea/about", "part: 1 Tea\nminutes: 5 + 10\npair: lines\n");
    write_file("$tree/lessons/02-web/about", "part: 1 Tea\nminutes: 5 + 10\npair: lines\nneeds: $needs\n");
    write_file("$tree/lessons/01-tea/tea_sync.c", $plain);
    write_file("$tree/lessons/01-tea/tea_sync.out", "[ 0.00] start\n");
    write_file("$tree/lessons/02-web/web_sync.c", $program);
    write_file("$tree/lessons/02-web/web_sync.out", "[ 0.00] start\n[ 0.00] page: 200\n");
    return $tree;
}

# pkg-config that knows none of these packages.
sub without {
    my ($tree, @lacks) = @_;
    my $pattern = join '|', map {"*' $_ '*"} @lacks;
    return write_file("$tree/pkg-config", "#!/bin/sh\ncase \" \$* \" in $pattern) exit 1 ;; esac\nexec $pkg_config \"\$@\"\n", 0755);
}

sub made { my ($tree, $goals, %env) = @_; return run([make_command(), @$goals], dir => $tree, env => \%env) }

# What prove runs in `make test-02`.
sub tested { my ($tree, %env) = @_; return run(['tests/run-one', 'lessons/02-web/web_sync.out'], dir => $tree, env => \%env) }

sub has_packages { return !grep { run([$pkg_config, '--exists', $_])->{status} != 0 } @_ }

subtest 'a lesson that asks the web site' => sub {
    return lacking('needs libcurl and libmicrohttpd: make setup') if !has_packages('libcurl', 'libmicrohttpd');
    my $tree = tree('site', $asks);
    my $ran  = made($tree, ['test-02', 'lesson-02'], COLUMNS => 100);
    is($ran->{status}, 0, 'make test-02 lesson-02') or diag(@$ran{qw(out err)});
    like($ran->{out}, qr/^\[ *\d+\.\d\d\] page: 200$/m, 'the page has come');
    like($ran->{out}, qr{start one yourself  build/common/with-site build/lessons/02-web/web_sync$}m,
        'how to start it oneself');
    $ran = run(['build/common/with-site', 'build/lessons/02-web/web_sync'], dir => $tree);
    like($ran->{out}, qr/page: 200\n\z/, 'which works');

    $ran = run(['build/lessons/02-web/web_sync'], dir => $tree, env => {SITE => undef});
    is($ran->{status}, 2, 'without the site');
    like($ran->{err}, qr{\Aweb_sync: .*build/common/with-site build/lessons/02-web/web_sync.*\n\z},
        'it says how it is started');
};

subtest 'the site is missing' => sub {
    my %made_with = (libcurl => 'fetch', libmicrohttpd => 'site');
    for my $lacks (sort keys %made_with) {
        my $tree = tree('site', $asks);
        unlink glob "$tree/build/{common,tests}/$made_with{$lacks}*";
        my %env = (PKG_CONFIG => without($tree, $lacks));
        my $ran = made($tree, [], %env);
        is($ran->{status}, 0, "make, without $lacks") or diag($ran->{err});
        like($ran->{out}, qr{^lessons/02-web is left out: it needs $lacks: `make setup` installs}m,
            'the lesson is left out');
        ok(-x "$tree/build/lessons/01-tea/tea_sync", 'the others are there');
        is(made($tree, [], %env)->{out} =~ s/^\n.*//msr, "lessons/02-web is left out: it needs $lacks: "
            . "`make setup` installs what is missing\n", 'and are not made again');

        $ran = run(['common/commands/needs', '--flags', 'lessons/02-web'], dir => $tree, env => \%env);
        is("$ran->{out}$ran->{err}", '', 'there are no options to build it with');

        $ran = made($tree, ['-k', 'lesson-02', 'test-02'], %env);
        like($ran->{err}, qr/^Lesson 02 needs $lacks: `make setup`/m, 'make lesson-02 says what is missing');
        like($ran->{out}, qr/skipped: lessons\/02-web needs $lacks/, 'make test-02: a skip, by name');
        is(join(' ', $ran->{err} =~ /([\w-]+)\] Error/g), 'lesson-02', 'which is no error, as the first is');
        isnt(tested($tree, %env, REQUIRE_ALL => 1)->{status}, 0, 'but not where nothing may be skipped');
    }
};

# A machine with libpq and without the server: nothing in $PATH, and no place to look in.
subtest 'PostgreSQL is missing' => sub {
    my $tree = tree('postgres', $plain);
    write_file("$tree/common/servers/find-postgres", "#!/bin/sh\nexit 1\n", 0755);
    my $ran = made($tree, ['-k', 'lesson-02', 'test-02']);
    like($ran->{err}, qr/^Lesson 02 needs PostgreSQL: `make setup-database` installs/m, 'make lesson-02 says what is missing');
    like($ran->{out}, qr/skipped: lessons\/02-web needs PostgreSQL: `make setup-database`/, 'make test-02: a skip, by name');
    is(join(' ', $ran->{err} =~ /([\w-]+)\] Error/g), 'lesson-02', 'which is no error, as the first is');
    isnt(tested($tree, REQUIRE_ALL => 1)->{status}, 0, 'but not where nothing may be skipped');
};

# OpenMP is the compiler's, and only the programs that have it in their names need it.
subtest 'a compiler without OpenMP' => sub {
    my $compiler = $ENV{CC} || 'cc';
    my $tree     = tree('openmp', $plain);
    write_file("$tree/lessons/02-web/web_sync.out", "[ 0.00] start\n");
    write_file("$tree/lessons/02-web/web_async_openmp.c", $plain =~ s/"start"/"start %d", _OPENMP > 0/r);
    write_file("$tree/lessons/02-web/web_async_openmp.out", "[ 0.00] start 1\n");
    mkdir "$tree/bin" or die;
    write_file("$tree/bin/$compiler", "#!/bin/sh\ncase \" \$* \" in *' -fopenmp '*) exit 1 ;; esac\n"
        . "PATH=\${PATH#*:} exec $compiler \"\$@\"\n", 0755);
    my %env  = (PATH => "$tree/bin:$ENV{PATH}");
    my $lack = "needs OpenMP, which $compiler does not have";
    my $ran  = made($tree, [], %env);
    is($ran->{status}, 0, 'make') or diag($ran->{err});
    like($ran->{out}, qr{^lessons/02-web/web_async_openmp is left out: it \Q$lack\E$}m, 'the program is left out');
    ok(-x "$tree/build/lessons/02-web/web_sync", 'the others of its lesson are there');
    ok(!-e "$tree/build/lessons/02-web/web_async_openmp", 'and it is not');

    $ran = made($tree, ['-k', 'lesson-02', 'test-02'], %env);
    is($ran->{status}, 0, 'make lesson-02 test-02') or diag($ran->{err});
    like($ran->{out}, qr{^\[ 0\.00\] start\n.*^lessons/02-web/web_async_openmp is left out: it\s+needs}ms, 'the lesson is shown, and says so');
    unlike($ran->{out}, qr{could not be built}, 'it is nobody\'s fault');
    like($ran->{out}, qr{skipped: lessons/02-web \Q$lack\E}, 'make test-02: a skip, by name');
    $ran = run(['tests/run-one', 'lessons/02-web/web_async_openmp.out'], dir => $tree, env => {%env, REQUIRE_ALL => 1});
    isnt($ran->{status}, 0, 'but not where nothing may be skipped');

    $ran = made($tree, ['test-02']);
    return lacking("needs a compiler with OpenMP: $compiler has none") if $ran->{out} =~ /skipped: .*needs OpenMP/;
    is($ran->{status}, 0, 'with OpenMP it is built, and passes') or diag(@$ran{qw(out err)});
    $ran = run(['tests/run-one', 'lessons/02-web/web_async_openmp.out'], dir => $tree, env => {SANITIZE => 'thread'});
    like($ran->{out}, qr/SKIP .*ThreadSanitizer/, 'but ThreadSanitizer does not know it');
};

done_testing;
