#!/usr/bin/env perl
# ignored-results.t - no program ignores a result of a library. The libraries do not mark their
# functions so that the compiler would say so; here it gets copies of their headers in
# which each function whose result tells of an error is marked (warn_unused_result).

use strict;
use warnings;

use lib 'tests';
use Course;
use Cwd qw(abs_path);
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
my @compiler = compiler_of_the_course(SANITIZE => '', CFLAGS => '-O0');
my ($first_option) = grep { $compiler[$_] =~ /^-/ } 0 .. $#compiler;
splice @compiler, $first_option, 0, "-I$scratch", '-DCURL_DISABLE_TYPECHECK';

my %needs;
sub needs { return $needs{"@_"} //= run(['common/commands/needs', @_])->{out} }

# What the options are got by: a lesson, or, for what is in common/ or tests/, needs by name.
my %needs_of = (
    (map { $_ => 'libcurl' } qw(common/fetch.c common/fetch_error.c tests/subjects/fetch_subject.c)),
    (map { $_ => 'libmicrohttpd' } qw(common/servers/site.c common/servers/site-routes.c)));

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

# In what is compiled, and what is made of it stays there.
symlink abs_path($_), "$scratch/$_" or die "symlink: $!" for qw(common lessons tests);

# What the compiler says about ignored results in each of these sources, which it is given all at
# once; undef: nothing. It must really compile: with -fsyntax-only, gcc does not look for them.
sub complaints {
    my ($needs, @sources) = @_;
    my $ran = run([@compiler, split(' ', needs('--cflags', $needs)), '-Werror=unused-result', '-S', @sources], dir => $scratch);
    return (undef) x @sources if $ran->{status} == 0;
    my @complaints = map { index($ran->{err}, "$_:") < 0 ? undef : $ran->{err} } @sources;
    die "@sources: $ran->{err}" if !grep {defined} @complaints;
    return @complaints;
}

my %marked = map { $_ => mark_results($_) } grep { is_there($_) } sort keys %libraries;
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
        my ($ignored, $looked_at) = complaints($package, $ignores, $looks);
        like($ignored // '', qr/unused.result/, 'ignored');
        is($looked_at, undef, 'looked at');
    };
}

sub looks_at_results {
    my ($needs, @sources) = @_;
    my @complaints = complaints($needs, @sources);
    for my $i (0 .. $#sources) {
        ok(!defined $complaints[$i], $sources[$i]) || diag($complaints[$i]);
    }
}

subtest 'common' => sub {
    my %sources;
    push @{ $sources{ $needs_of{$_} // '' } }, $_ for glob('common/*.c common/*/*.c tests/subjects/*.c');
    my @lacks = grep { $_ && !is_there($_) } sort keys %sources;
    delete @sources{@lacks};
    looks_at_results($_, @{ $sources{$_} }) for sort keys %sources;
    return lacking("@lacks is not there: make setup") if @lacks && $ENV{REQUIRE_ALL};
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
