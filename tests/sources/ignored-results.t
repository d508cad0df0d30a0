#!/usr/bin/env perl
# ignored-results.t - no program ignores a result of a library. The libraries do not mark their
# functions so that the compiler would say so; here it gets copies of their headers in
# which each function whose result tells of an error is marked (warn_unused_result).

use strict;
use warnings;

use lib 'tests';
use Course;
use File::Basename qw(basename dirname);
use Test::More;

my $scratch = scratch();

# By pkg-config name: a header, with the directory that it includes others from, and what
# stands before those functions. Nothing can be done about a curl_multi_cleanup() that fails, and
# curl_easy_getinfo() does only when it is called wrong.
my %libraries = (
    libuv         => ['uv.h', qr/\bUV_EXTERN\s+(?=int\s)/],
    libcurl       => ['curl/curl.h', qr/\bCURL_EXTERN\s+(?=CURLM?code\s+curl_(?!multi_cleanup|easy_getinfo))/],
    libmicrohttpd => ['microhttpd.h', qr/\b_MHD_EXTERN\s+(?=enum\s+MHD_Result\s)/],
    jansson       => ['jansson.h', qr/^(?=int\s+json_)/m],
    libpq         => ['libpq-fe.h', qr/^extern\s+(?=int\s)/m],
);

# Ours have to be found before any other: their directory comes first.
my @compiler = compiler_of_the_course(SANITIZE => '');
my ($first_option) = grep { $compiler[$_] =~ /^-/ } 0 .. $#compiler;
splice @compiler, $first_option, 0, "-I$scratch", '-DCURL_DISABLE_TYPECHECK';

my %needs;
sub needs { return $needs{"@_"} //= run(['common/needs', @_])->{out} }

# What the options are got by: a lesson, or, for what is in common/ or tests/, needs by name.
my %needs_of = (
    'common/fetch.c' => 'libcurl', 'common/site.c' => 'libmicrohttpd', 'tests/fetch_subject.c' => 'libcurl');

sub is_there { my ($package) = @_; return run([$ENV{PKG_CONFIG} || 'pkg-config', '--exists', $package])->{status} == 0 }

# Where the compiler finds a header: it names each file that it includes.
sub installed_header {
    my ($package, $name) = @_;
    my $source = write_file("$scratch/where.c", "#include <$name>\n");
    my $ran = run([@compiler, split(' ', needs('--cflags', $package)), '-E', $source]);
    return $ran->{out} =~ /^# \d+ "([^"]*\/\Q$name\E)"/m ? $1 : die "no $name: $ran->{err}";
}

# Make copies of a library's headers; return how many functions they mark.
sub mark_results {
    my ($package) = @_;
    my ($name, $before) = @{ $libraries{$package} };
    my $installed = installed_header($package, $name);
    my ($directory) = $name =~ m{^(.+)/};
    my $count = 0;
    mkdir "$scratch/$directory" or die "$directory: $!" if $directory;
    for my $header ($directory ? glob(dirname($installed) . '/*.h') : $installed) {
        my $text = read_file($header);
        $count += $text =~ s/$before/__attribute__((warn_unused_result)) $&/g;
        write_file("$scratch/" . ($directory ? "$directory/" : '') . basename($header), $text);
    }
    # uv.h includes "uv/unix.h" and others, which are looked for beside it.
    symlink dirname($installed) . '/uv', "$scratch/uv" or die "symlink: $!" if $package eq 'libuv';
    return $count;
}

# What the compiler says about ignored results in a source; undef: nothing. It
# must really compile: with -fsyntax-only, gcc does not look for them.
sub complaint {
    my ($source, @needs) = @_;
    my $ran = run([@compiler, split(' ', needs('--cflags', @needs)),
            '-Werror=unused-result', '-O0', '-S', '-o', "$scratch/compiled", $source]);
    return $ran->{status} == 0 ? undef : $ran->{err};
}

my %marked = map { $_ => mark_results($_) } grep { is_there($_) } sort keys %libraries;
# Nearly all include lesson.h first: where the compiler can, it reads it once for all.
run([@compiler, split(' ', needs('--cflags')), '-Werror=unused-result', '-O0', '-x', 'c-header', '-o', "$scratch/lesson.h.gch",
        'common/lesson.h']);
cmp_ok($marked{libuv}, '>', 100, 'the functions of libuv are marked');

# For each library a call that is ignored, and the same looked at.
my %calls = (
    libuv         => 'uv_sleep(1); %s uv_timer_init(uv_default_loop(), &timer)',
    libcurl       => '%s curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L)',
    libmicrohttpd => '%s MHD_queue_response(NULL, 200, NULL)',
    jansson       => '%s json_object_set_new(NULL, "a", NULL)',
    libpq         => '%s PQconsumeInput(NULL)',
);
for my $package (sort keys %libraries) {
    subtest "$package: an ignored result is seen, one that is looked at is right" => sub {
        return lacking("needs $package: make setup") if !$marked{$package};
        my $program = join "\n", "#include <uv.h>", "#include <$libraries{$package}[0]>",
            'int use(uv_timer_t timer, void *easy, int *result)', '{', '    (void)timer; (void)easy; (void)result;',
            "    $calls{$package};", '    return 0;', '}', '';
        my ($ignores, $looks) = map { write_file("$scratch/$_->[0].c", sprintf $program, $_->[1]) }
            ['ignores', ''], ['looks', '*result = (int)'];
        like(complaint($ignores, $package) // '', qr/unused.result/, 'ignored');
        is(complaint($looks, $package), undef, 'looked at');
    };
}

sub looks_at_results {
    my ($needs, @sources) = @_;
    for my $source (@sources) {
        my $complaint = complaint($source, $needs_of{$source} // $needs);
        ok(!defined $complaint, $source) || diag($complaint);
    }
}

subtest 'common' => sub {
    my @sources = (glob('common/*.c common/*/*.c'), glob 'tests/*.c');
    my @lacks = grep { $needs_of{$_} && !is_there($needs_of{$_}) } @sources;
    my %lacks = map { $_ => 1 } @lacks;
    looks_at_results('', grep { !$lacks{$_} } @sources);
    return lacking("@lacks: what they need is not there: make setup") if @lacks && $ENV{REQUIRE_ALL};
};

for my $lesson (lessons()) {
    my @sources = ((grep { m{/(?!exercise)\w+\.c$} } glob "$lesson/*.c"), glob 'tests/solutions/' . basename($lesson) . '/*.c');
    subtest $lesson => sub {
        my $missing = needs('--missing', $lesson);
        return lacking("$lesson $missing") if $missing;
        looks_at_results($lesson, @sources);
    };
}

done_testing();
