#!/usr/bin/env perl
# requests.t - what the programs of lessons 16 and 17 do with pages that are not as
# they should be, with what is asked for on the command line, and with https. Their
# recordings show the pages that come.

use strict;
use warnings;

use lib 'tests';
use Course;
use IO::Socket::INET;
use Test::More;

my $build = build_dir();
my @names = map {"requests_$_"} qw(sync async_poll async_socket async);

my $missing = run([qw(common/commands/needs --missing lessons/16-requests)])->{out};
if ($missing) {
    plan(skip_all => "lessons/16-requests $missing") unless $ENV{REQUIRE_ALL};
    BAIL_OUT("lessons/16-requests $missing; REQUIRE_ALL is set");
}
BAIL_OUT("$build/common/with-site is not built: make") unless -x "$build/common/with-site";

my $scratch = scratch();

my %program = (
    (map { $_ => with_far_deadline("lessons/16-requests/$_", 'page->url') } @names),
    request_queue_sync  => with_far_deadline('lessons/17-request-queue/request_queue_sync', 'url'),
    request_queue_async => with_far_deadline('lessons/17-request-queue/request_queue_async', 'worker->page->url'));
sub program { my ($name) = @_; return $program{$name} }

# Run a program inside of the web site: ask('requests_async', '/page/1').
sub ask {
    my ($name, @arguments) = @_;
    return run(["$build/common/with-site", program($name), @arguments]);
}

# All of them at the same time, since each waits for its deadline: {name => {out, status}}.
sub all_at_once {
    my (@arguments) = @_;
    my (%from, %ended);
    for my $name (@names) {
        open $from{$name}, '-|', 'sh', '-c', 'exec "$@" 2>&1', 'sh',
            "$build/common/with-site", program($name), @arguments or die "sh: $!";
    }
    for my $name (@names) {
        my $file = $from{$name};
        my $out  = do { local $/; <$file> };
        close $file;
        $ended{$name} = {out => $out, status => $? >> 8};
    }
    return \%ended;
}

# What it says of the pages, without the times, and without that they are asked for.
sub said { return grep { !/: asked$/ } map { /^\[.....\] (.*)$/ ? $1 : () } split /\n/, $_[0] }

# A port that is certainly closed: it is ours, and we don't listen there.
my $closed = IO::Socket::INET->new(Proto => 'tcp', LocalAddr => '127.0.0.1')
    || die "no port: $@";
my $nobody = 'http://127.0.0.1:' . $closed->sockport;

# The same where nobody is asked.
sub ask_nobody {
    my ($name, @arguments) = @_;
    return run([program($name), @arguments], env => {SITE => $nobody});
}

subtest 'every trouble is reported as what it is' => sub {
    my @asked = ('/page/7', "$nobody/", '/status/404', '/cut', '/silent', '/redirect/2',
        '/reset', 'nonsense:x', '/large/100', '/page/8');
    my $list  = write_file("$scratch/troubles", join '', map {"$_\r\n\n"} @asked);
    # Curl's own words, and those of common/fetch.c.
    my @wanted = (
        qr/^page 1: 200, 1259 bytes, 'Page 7'$/,
        qr/^page 2: failed, (?:Could(?:n't| not) connect to server|connection refused)$/,
        qr/^page 3: 404, \d+ bytes, '.+'$/,
        qr/^page 4: failed, (?:Transferred a partial file|cut short after 500 of 1000 bytes)$/,
        qr/^page 5: failed, (?:Timeout was reached|no answer within 300 ms)$/,
        qr/^page 6: 200, \d+ bytes, '.+'$/,
        qr/^page 7: failed, (?:Failure when receiving data from the peer|connection reset)$/,
        qr/^page 8: failed, (?:URL using bad|not a URL: nonsense:x)/,
        qr/^page 9: 200, 100 bytes, no title$/,
        qr/^page 10: 200, 1296 bytes, 'Page 8'$/,
        qr/^10 pages, 6 failures$/,
    );
    my $ended = all_at_once('-f', $list);
    for my $name (@names) {
        my $ran = $ended->{$name};
        is($ran->{status}, 1, "$name: the exit status says so");
        unlike($ran->{out}, qr/^(?!\[)/m, "$name: nothing else to complain of");
        my @said = said($ran->{out});
        like($said[$_] // '', $wanted[$_], "$name: $said[$_]") for 0 .. $#wanted;
        is(scalar @said, scalar @wanted, "$name: nothing more");
    }
};

subtest 'what is asked for' => sub {
    my $usage = qr/^usage: \S+ \[URL\.\.\. \| -f FILE\]\n$/;
    for my $name (@names) {
        for my $wrong (['-f'], ['--help'], ['-f', 'one', 'two']) {
            my $ran = ask_nobody($name, @$wrong);
            is($ran->{status}, 2, "$name @$wrong");
            like($ran->{err}, $usage, '... tells how it is used');
        }
        my $ran = ask_nobody($name, '-f', "$scratch/nothing");
        is($ran->{err}, "$name: cannot open the list of pages: no such file or directory\n",
            "$name: a missing file is a sentence");
        is($ran->{status}, 1, '... and a failure');

        $ran = ask_nobody($name, '-f', write_file("$scratch/empty", "\n"));
        is($ran->{err}, "$name: cannot find a page in the list: end of file\n",
            "$name: so is an empty one");

        $ran = ask_nobody($name, '/' . 'x' x 2000);
        is($ran->{err}, "$name: cannot remember such a URL: name too long\n",
            "$name: so is a URL that is too long");

        $ran = ask($name, '/page/3', '/page/2');
        is(join(', ', map {/'(.*)'/} said($ran->{out})), 'Page 3, Page 2',
            "$name: in the order of asking");

        $ran = run([program($name)], env => {SITE => undef});
        is($ran->{status}, 2, "$name: without a site");
        like($ran->{err}, qr/with-site/, '... it says how it is started');

        my $list = write_file("$scratch/many", join '', map {"/page/$_\n"} 1 .. 300);
        $ran = ask($name, '-f', $list);
        like($ran->{out}, qr/^\[.....\] 300 pages, 0 failures$/m, "$name: 300 pages");
    }
};

# A server of https, with a certificate that nobody else knows.
sub start_https {
    my ($directory) = @_;
    my ($key, $certificate) = map {"$directory/$_"} qw(key.pem certificate.pem);
    write_file("$directory/page", '<title>A secret</title>');
    my $made = run([qw(openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1),
            qw(-addext subjectAltName=IP:127.0.0.1 -keyout), $key, '-out', $certificate]);
    return if $made->{status} != 0;
    my $pid = open(my $server, '-|') // die "fork: $!";
    if ($pid == 0) {
        chdir $directory or POSIX::_exit(126);
        open STDERR, '>', '/dev/null' or POSIX::_exit(126);
        exec qw(openssl s_server -WWW -accept 127.0.0.1:0 -key), $key, '-cert', $certificate
            or POSIX::_exit(127);
    }
    while (my $line = <$server>) {
        return ($pid, $server, $1, $certificate) if $line =~ /^ACCEPT \S+:(\d+)/;
    }
    return;
}

subtest 'https, too' => sub {
    return lacking('openssl is not installed') if !tool('openssl');
    my ($pid, $server, $port, $certificate) = start_https($scratch);
    return lacking('no https server: an older openssl') if !$port;
    my $url = "https://127.0.0.1:$port/page";
    for my $name (@names) {
        my $ran = run([program($name), $url], env => {SSL_CERT_FILE => $certificate});
        is((said($ran->{out}))[0], "page 1: 200, 23 bytes, 'A secret'", "$name: a certificate that is known");
        $ran = run([program($name), $url], env => {SSL_CERT_FILE => undef});
        like($ran->{out}, qr/page 1: failed, (?:SSL peer certificate|cannot trust the certificate)/, "$name: one that is not");
        is($ran->{status}, 1, '... is a failure');
    }
    kill KILL => $pid;
    close $server;
};

subtest 'at most so many at once' => sub {
    for my $workers (3, 24) {
        # A page comes when so many are asked for.
        my $ran = ask('request_queue_async', $workers, ("/together/$workers") x 24);
        like($ran->{out}, qr/^\[.....\] site: 24 requests seen, at most $workers at once$/m,
            "with $workers workers the site counts $workers");
    }
    for my $wrong (0, 25, '4x', '--help', '-f') {
        my $ran = ask_nobody('request_queue_async', $wrong);
        is($ran->{status}, 2, "request_queue_async $wrong: no");
        like($ran->{err}, qr/^usage: request_queue_async \[WORKERS\]/, '... and how it is used');
    }
    my $list = write_file("$scratch/queue", join '', map {"$_\r\n\n"} '/page/7', "$nobody/", '/status/404', '/cut', '/large/100', '/page/8');
    for my $name (qw(request_queue_sync request_queue_async)) {
        my $ran = ask($name, '-f', $list);
        my @said = map { s/^pages: number \d+: //r } said($ran->{out});
        is_deeply([@said[1, 5, 6]], ["200, 1259 bytes, 'Page 7'", '200, 100 bytes, no title', "200, 1296 bytes, 'Page 8'"], "$name: the pages of a list");
        is(join(' ', map { /^(failed|404), / ? $1 : $_ } @said[2 .. 4]), 'failed 404 failed', '... and what is none');
        is($said[-1], 'checksum: ' . (1259 + 100 + 1296), '... whose sizes do not count');
        is($ran->{status}, 1, '... but the exit status does');
        $ran = run([program($name), "$nobody/"], env => {SITE => undef});
        is($ran->{err}, '', "$name: other sites count nothing");
        like($ran->{out}, qr/number 1: failed, .*checksum: 0$/s, '... and are asked all the same');
        is(ask_nobody($name, '-f')->{status}, 2, "$name: -f without a file");
    }
    for my $name (qw(request_queue_sync request_queue_async)) {
        my $ran = run([program($name)], env => {SITE => $nobody});
        is(scalar(() = $ran->{out} =~ /^\[.....\] pages: number \d+: failed, \w/mg), 24,
            "$name: without the site, each page is a failure");
        is($ran->{status}, 1, '... and the exit status says so');
        is($ran->{err}, "$name: cannot ask for the count: connection refused\n", '... and why');
    }
};

done_testing();
