#!/usr/bin/env perl
# site.t - common/site, the local web site of the lessons about HTTP, and
# common/with-site, which starts a program beside it. Both are copied, so that their
# processes can be told from those of others.
#
#     UNDER="valgrind -q --error-exitcode=99 --leak-check=full" prove tests/site.t

use strict;
use warnings;

use lib 'tests';
use Course;
use IO::Select;
use IO::Socket::INET;
use POSIX qw(:sys_wait_h :errno_h);
use Test::More;
use Time::HiRes qw(time);

my @under = split ' ', $ENV{UNDER} // '';
my $slow  = @under ? 10 : $ENV{SLOW} // 1;
my $here  = scratch();
delete @ENV{qw(SITE SITE_COUNTS UNDER SLOW READY_FD)};
$SIG{PIPE} = 'IGNORE';

if (!-x build_dir() . '/common/site') {
    plan(skip_all => 'libmicrohttpd is not installed') unless $ENV{REQUIRE_ALL};
    die "site.t: " . build_dir() . "/common/site is not there; `make` builds it\n";
}
for my $program (qw(site with-site)) {
    system('cp', build_dir() . "/common/$program", $here) == 0 or die "cannot copy $program\n";
}
my @site = (@under, "$here/site");
my $with = "$here/with-site";
# What with-site starts, too, runs under the tool.
if (@under) {
    rename "$here/site", "$here/site.real" or die;
    write_file("$here/site", "#!/bin/sh\nexec @under $here/site.real \"\$\@\"\n", 0755);
    @site = ("$here/site");
}

# --- a site, and those who visit it ---

# Start one. Returns {pid, stdin, out, err, port}.
sub start_site {
    my (@command) = @_ ? @_ : @site;
    pipe my $in_read,  my $in_write  or die "pipe: $!";
    pipe my $out_read, my $out_write or die "pipe: $!";
    pipe my $err_read, my $err_write or die "pipe: $!";
    my $pid = fork // die "fork: $!";
    if ($pid == 0) {
        open STDIN,  '<&', $in_read   or POSIX::_exit(126);
        open STDOUT, '>&', $out_write or POSIX::_exit(126);
        open STDERR, '>&', $err_write or POSIX::_exit(126);
        $SIG{INT} = 'DEFAULT'; # a shell lets what it starts with & ignore it
        exec @command or POSIX::_exit(127);
    }
    close $_ for $in_read, $out_write, $err_write;
    my $line = <$out_read> // '';
    my ($port) = $line =~ m{\Ahttp://127\.0\.0\.1:(\d+)\n\z};
    return {pid => $pid, stdin => $in_write, out => $out_read, err => $err_read, port => $port,
        line => $line};
}

# Wait until it is gone. Returns its status, or undef when it is still there.
sub gone {
    my ($site) = @_;
    return $? if wait_until(sub { waitpid($site->{pid}, WNOHANG) == $site->{pid} });
    kill KILL => $site->{pid};
    waitpid $site->{pid}, 0;
    return;
}

sub end_site {
    my ($site, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    close $site->{stdin};
    return is(gone($site), 0, $name // 'it ends well when stdin closes');
}

sub visit {
    my ($port, $request) = @_;
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port)
        or die "cannot connect to port $port: $@\n";
    $socket->autoflush(1);
    print $socket $request if defined $request;
    return $socket;
}

# All that comes until the connection closes, and, in a list, why it closed: 0 at its end,
# or an errno.
sub all_of {
    my ($socket, $seconds) = @_;
    my $end = time + ($seconds // patience()) * $slow;
    my $all = '';
    my $why = ETIMEDOUT;
    my $select = IO::Select->new($socket);
    while ((my $left = $end - time) > 0) {
        next if !$select->can_read($left);
        my $count = sysread $socket, $all, 65536, length $all;
        next if $count;
        $why = defined $count ? 0 : $! + 0;
        last;
    }
    return wantarray ? ($all, $why) : $all;
}

sub raw { my ($site, $text) = @_; return scalar all_of(visit($site->{port}, $text)) }

# One answer: {status, header => {...}, body}, as far as it has come.
sub parse {
    my ($text) = @_;
    my ($head, $body) = split /\r\n\r\n/, $text, 2;
    my ($first, @lines) = split /\r\n/, $head // '';
    my ($status) = ($first // '') =~ m{\AHTTP/1\.[01] (\d+) };
    my %header;
    for (@lines) {
        my ($name, $value) = /\A([^:]+): (.*)\z/ or next;
        push @{ $header{ lc $name } }, $value;
    }
    $_ = join ', ', @$_ for values %header;
    $body //= '';
    if (($header{'transfer-encoding'} // '') eq 'chunked') {
        my $whole = '';
        $whole .= substr $body, 0, hex $1, '' while $body =~ s/\A(?:\r\n)?([0-9a-f]+)\r\n//i;
        $body = $whole;
    }
    return {status => $status // 0, header => \%header, body => $body};
}

sub request {
    my ($path, %how) = @_;
    my $method = $how{method} // 'GET';
    my $close  = $how{stay} ? '' : "Connection: close\r\n";
    return "$method $path HTTP/1.1\r\nHost: x\r\n$close\r\n";
}

sub get { my ($site, $path, %how) = @_; return parse(raw($site, request($path, %how))) }

# The next answer on a connection that stays: as long as its Content-Length says.
sub next_answer {
    my ($socket) = @_;
    my ($head, $byte) = ('', '');
    $head .= $byte while $head !~ /\r\n\r\n\z/ && read $socket, $byte, 1;
    my $answer = parse($head);
    my $size   = $answer->{header}{'content-length'} // 0;
    read $socket, $answer->{body}, $size if $size;
    return $answer;
}

sub stats { my ($site) = @_; return get($site, '/stats')->{body} =~ tr/\n/;/r }

# Ask for all of these at once. Returns the answers.
sub at_once {
    my ($site, @paths) = @_;
    my @sockets = map { visit($site->{port}, request($_)) } @paths;
    return map { parse(scalar all_of($_)) } @sockets;
}

# It takes so long, or longer.
sub takes {
    my ($least, $name, $try) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $begin = time;
    $try->();
    return cmp_ok(time - $begin, '>', $least - 0.003, $name);
}

sub stats_requests { my ($own) = @_; return stats($own) =~ /(\d+)/ ? $1 : -1 }

# Until the site has seen so many requests.
sub wait_for_requests {
    my ($own, $count) = @_;
    return wait_until(sub { stats_requests($own) == $count }) || die "it does not see $count requests\n";
}

my $site = start_site();
like($site->{line}, qr{\Ahttp://127\.0\.0\.1:\d+\n\z}, 'its address');

subtest 'pages' => sub {
    for my $number (1, 7, 26, 27, 999, 1000, 123456, 999999) {
        my $page = get($site, "/page/$number");
        is($page->{status}, 200, "/page/$number");
        is(length $page->{body}, 1000 + $number * 37 % 1000, 'its size');
        is($page->{header}{'content-length'}, length $page->{body}, 'as it says');
        like($page->{body}, qr{\A<!DOCTYPE html>.*<title>Page $number</title>.*</html>\n\z}s, 'its text');
        is($page->{header}{'content-type'}, 'text/html; charset=utf-8', 'its type');
    }
    is(get($site, '/page/7')->{body}, get($site, '/page/7')->{body}, 'twice the same');
    is(get($site, '/page/7?x=y&z')->{status}, 200, 'what else is asked for does not matter');
    is(get($site, '/p%61ge/%37')->{body}, get($site, '/page/7')->{body}, 'escaped');
};

subtest 'JSON' => sub {
    my %json = (
        '/json/location/Berlin' =>
            '{"city": "Berlin", "country": "Germany", "latitude": 52.52, "longitude": 13.41}',
        '/json/location/Cape%20Town' =>
            '{"city": "Cape Town", "country": "South Africa", "latitude": -33.93, "longitude": 18.42}',
        '/json/weather?latitude=52.52&longitude=13.41' =>
            '{"city": "Berlin", "sky": "cloudy", "temperature": 21, "unit": "C"}',
        '/json/weather?longitude=13.410000&latitude=52.520000' =>
            '{"city": "Berlin", "sky": "cloudy", "temperature": 21, "unit": "C"}',
        '/json/sun?latitude=52.52&longitude=13.41' => '{"sunrise": "05:12", "sunset": "21:03"}',
        '/json/incomplete' => '{"city": "Berlin", "country": "Germany", "longitude": 13.41}',
    );
    for my $path (sort keys %json) {
        my $answer = get($site, $path);
        is($answer->{body}, "$json{$path}\n", $path);
        is($answer->{header}{'content-type'}, 'application/json', 'its type');
    }
    is(get($site, '/json/malformed')->{body}, qq({\n    "city": "Berlin",\n    "sky": "clo),
        'breaks off in line 3');
    for my $city ('Berlin', 'Cape%20Town', 'Lima', 'Oslo', 'Tokyo') {
        my $place = get($site, "/json/location/$city")->{body};
        my ($there) = join '&', $place =~ /"(latitude)": (\S+), "(longitude)": (\S+)}/
            ? ("$1=$2", "$3=$4") : ();
        like(get($site, "/json/$_?$there")->{body}, qr/\A\{"(?:city|sunrise)"/, "$_ in $city")
            for qw(weather sun);
    }
    for (['/json/location/Rome', 404, 'Unknown city'], ['/json/location/', 404, 'Unknown city'],
        ['/json/weather?latitude=1&longitude=2', 404, 'Unknown coordinates'],
        ['/json/sun?latitude=52.52&longitude=13.5', 404, 'Unknown coordinates'],
        ['/json/weather', 400, 'Bad coordinates'], ['/json/sun?latitude=nan&longitude=inf', 400, 'Bad coordinates'],
        ['/json/sun?latitude=0x34&longitude=', 400, 'Bad coordinates'], ['/json/', 404, 'Not found'])
    {
        my ($path, $status, $error) = @$_;
        my $answer = get($site, $path);
        is($answer->{status}, $status, $path);
        is($answer->{body}, qq({"error": "$error"}\n), 'its error');
    }
};

subtest 'each status, and redirects' => sub {
    for my $status (200, 201, 204, 226, 299, 302, 304, 401, 404, 418, 500, 503, 599) {
        my $answer = get($site, "/status/$status");
        is($answer->{status}, $status, "/status/$status");
        next if $status == 204 || $status == 304;
        like($answer->{body}, qr{<title>Status $status</title>}, 'its title');
    }
    is(get($site, "/status/$_")->{body}, '', "$_ has no body") for 204, 304;
    for (['/redirect/3', '/redirect/2'], ['/redirect/1', '/redirect/0'], ['/redirect/loop', '/redirect/loop']) {
        my $answer = get($site, $_->[0]);
        is("$answer->{status} $answer->{header}{location}", "302 $_->[1]", $_->[0]);
    }
    is(get($site, '/redirect/0')->{status}, 200, 'the last');
};

subtest 'what is wrong' => sub {
    for my $path (qw(/page/0 /page/1000000 /page/-1 /page/+1 /page/ /page/x /page/1x /page/1/ /page/1.0
        /page/%201 /page/5%00 /page/99999999999999999999999 /page/18446744073709551617 /page/0x10
        /delay/60001 /delay/ /delay/-1 /status/199 /status/600 /status/100 /large/1073741825
        /large/-1 /redirect/x /page/1?delay=-1 /page/1?delay=60001 /page/1?delay= /page/1?delay
        /page/1?delay=1x /page/1?delay=4294967297 /drip?bytes=x /drip?bytes=3&every=-1
        /stats?delay=x))
    {
        my $answer = get($site, $path);
        is($answer->{status}, 400, $path);
        like($answer->{body}, qr{<title>400: Bad number</title>}, 'its title');
    }
    for my $path (qw(/ // /page /pages/1 /Page/1 /stats/ /stats%00 /cut/ /cutx /drip/ /json /nope/../page/1 * x)) {
        my $answer = get($site, $path);
        is($answer->{status}, 404, $path);
        like($answer->{body}, qr{<title>404: Not found</title>}, 'its title');
    }
    my $long = get($site, '/' . 'x' x 5000);
    is($long->{status}, 404, 'a long path');
};

subtest 'methods' => sub {
    my $head = get($site, '/page/7', method => 'HEAD');
    is("$head->{status} $head->{header}{'content-length'}", '200 1259', 'HEAD: as GET');
    is($head->{body}, '', 'but no body');
    for my $method (qw(POST PUT DELETE OPTIONS PATCH TRACE get FOO)) {
        my $answer = get($site, '/page/1', method => $method);
        is($answer->{status}, 405, $method);
        is($answer->{header}{allow}, 'GET, HEAD', 'says what is allowed');
        like($answer->{body}, qr{<title>405: Method not allowed</title>}, 'its title');
    }
    my $socket = visit($site->{port}, "POST /page/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n"
            . 'x' x 100_000 . request('/page/7'));
    is(next_answer($socket)->{status}, 405, 'POST with a body');
    is(next_answer($socket)->{status}, 200, 'which is read, and the next is answered');
    $socket = visit($site->{port}, "PUT /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
            . "5\r\nhello\r\n0\r\n\r\n" . request('/page/7'));
    is(next_answer($socket)->{status}, 405, 'a body in chunks');
    is(next_answer($socket)->{status}, 200, 'and the next');
};

subtest 'a connection stays' => sub {
    my $socket = visit($site->{port});
    for my $path ('/page/1', '/delay/50', '/status/404', '/nope', '/json/incomplete', '/large/100000', '/page/2') {
        print $socket request($path, stay => 1);
        ok(next_answer($socket)->{status} >= 200, $path);
    }
    print $socket request('/page/3', stay => 1), request('/delay/50', stay => 1), request('/page/4');
    like(next_answer($socket)->{body}, qr/Page 3/, 'three sent at once: the first');
    like(next_answer($socket)->{body}, qr/Waited 50 ms/, 'the second');
    like(next_answer($socket)->{body}, qr/Page 4/, 'the third');
    is(scalar all_of($socket), '', 'and then it closes, as was asked');

    like(raw($site, "GET /page/1 HTTP/1.0\r\n\r\n"), qr/Page 1/, 'HTTP/1.0: it closes');
    $socket = visit($site->{port}, "GET /page/1 HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n");
    my $answer = next_answer($socket);
    is($answer->{header}{connection}, 'Keep-Alive', 'HTTP/1.0 may ask to keep it');
    print $socket "GET /page/2 HTTP/1.0\r\n\r\n";
    like(scalar all_of($socket), qr/Page 2/, 'and it is kept');
};

subtest 'delays' => sub {
    my @answers = at_once($site, '/delay/200', '/page/7?delay=200', '/status/503?delay=200',
        '/json/malformed?delay=200', '/nope?delay=200', '/stats?delay=200', '/delay/0', '/delay/150?delay=50');
    is(join(' ', map { $_->{status} } @answers), '200 200 503 200 404 200 200 200', 'all answered');
    like($answers[0]{body}, qr{<title>Waited 200 ms</title>}, 'its title');
    for my $path ('/delay/30', '/page/1?delay=30', '/delay/20?delay=10') {
        takes(0.03, $path, sub { at_once($site, $path) });
    }
    my $own = start_site();
    my @sockets;
    for my $ms (60_000, 60_000, 200, 100) {
        push @sockets, visit($own->{port}, request("/delay/$ms"));
        wait_for_requests($own, scalar @sockets);
    }
    like(all_of($_), qr/Waited/, 'what is due is answered, whatever came first') for reverse @sockets[2, 3];
    ok(!IO::Select->new(@sockets[0, 1])->can_read(0), 'and nothing else');
    end_site($own);
};

subtest 'faults' => sub {
    my ($text, $why) = all_of(visit($site->{port}, request('/cut')));
    my $answer = parse($text);
    is($answer->{header}{'content-length'}, 1000, '/cut says 1000');
    is(length $answer->{body}, 500, 'sends 500');
    is($why, 0, 'and closes');

    ($text, $why) = all_of(visit($site->{port}, request('/reset')));
    is("$text$why", ECONNRESET, '/reset');
    ($text, $why) = all_of(visit($site->{port}, request('/reset?delay=50')));
    is("$text$why", ECONNRESET, 'later');

    my $socket = visit($site->{port}, request('/silent'));
    takes(0.1, 'what is asked for later', sub { get($site, '/delay/100') });
    ok(!IO::Select->new($socket)->can_read(0), '/silent');

    ($text, $why) = all_of(visit($site->{port}, request('/wrong-length')));
    $answer = parse($text);
    is($answer->{header}{'content-length'}, 500, '/wrong-length says 500');
    is(length $answer->{body}, 1000, 'and sends 1000');

    takes(0.2, 'a wait before each byte', sub { $answer = get($site, '/drip?bytes=4&every=50') });
    is($answer->{body}, 'aaaa', '/drip');
    is($answer->{header}{'transfer-encoding'}, 'chunked', 'in chunks');
    is(get($site, '/drip?bytes=300&every=0')->{body}, get($site, '/large/300')->{body}, 'fast');
    is(get($site, '/drip?bytes=0')->{body}, '', 'nothing');
    like(raw($site, "GET /drip?bytes=3&every=1 HTTP/1.0\r\n\r\n"), qr/\r\n\r\naaa\z/, 'for HTTP/1.0');

    for my $size (0, 1, 64, 65535, 3_000_000) {
        $answer = get($site, "/large/$size");
        is(length $answer->{body}, $size, "/large/$size");
        is($answer->{header}{'content-length'}, $size, 'as it says');
    }
    ok($answer->{body} eq substr(join('', map { $_ x 63 . "\n" } 'a' .. 'z') x 2000, 0, 3_000_000), 'its text');
    is(get($site, '/large/1073741824', method => 'HEAD')->{header}{'content-length'}, 1 << 30, 'up to 1 GB');
    is(get($site, $_, method => 'HEAD')->{body}, '', "HEAD $_") for '/cut', '/drip', '/wrong-length', '/large/9';
};

# Whole connections that no client of good will would send. Answered or not: the site
# lives.
subtest 'malformed' => sub {
    my @bad = (
        ["\r\n\r\n\r\n"], ['GET'], ["GET\r\n\r\n", 400], ["GET \r\n\r\n"], [" / HTTP/1.1\r\n\r\n"],
        ["GET /page/1\r\n\r\n"], ["GET /page/1 HTTP/9.9\r\n\r\n", 505], ["GET /page/1 FOO\r\n\r\n", 400],
        ["\0\0\0\0\0\r\n\r\n"], ["GET /page/\0001 HTTP/1.1\r\n\r\n"], ["GET /page/1 HTTP/1.1\r\nHost: \0\r\n\r\n"],
        ["GET /%zz%%%1 HTTP/1.1\r\nConnection: close\r\n\r\n"], ["GET /\xff\xfe HTTP/1.1\r\nConnection: close\r\n\r\n", 404],
        ["GET /page/1?%00=%00&delay=%00 HTTP/1.1\r\nConnection: close\r\n\r\n", 400],
        ["GET /page/1 HTTP/1.1\r\nX: " . 'x' x 200_000 . "\r\n\r\n", 431],
        ["GET /page/1 HTTP/1.1\r\n" . "X: x\r\n" x 20_000 . "\r\n", 431],
        ['GET /' . 'x' x 200_000 . " HTTP/1.1\r\n\r\n", 414],
        ['G' x 100_000], ["GET /page/1 HTTP/1.1\r\nno colon\r\n\r\n"], ["GET /page/1 HTTP/1.1\r\n: x\r\n\r\n"],
        ["POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\nx", 400],
        ["POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\nx", 413],
        ["POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nx"],
        ["POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400],
        ["POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nx"],
        [join '', map {chr} 0 .. 255],
    );
    for (@bad) {
        my ($text, $status) = @$_;
        my $socket = visit($site->{port}, $text);
        shutdown $socket, 1;
        my $answer = all_of($socket, $status ? undef : 0.1); # some are waited for to go on
        my $name   = substr($text, 0, 40) =~ s/([^ -~])/sprintf '\\x%02x', ord $1/ger;
        # When we have sent more than was read, the answer may be lost in a reset.
        like($answer, $status ? qr{\A(?:HTTP/1\.1 (?:$status|400) |\z)} : qr{\A(?:HTTP/1\.1 |\z)}, $name);
        is(get($site, '/page/7')->{status}, 200, 'it lives');
    }
};

subtest 'the count' => sub {
    my $own = start_site();
    is(stats($own), 'requests: 0;most at once: 0;', 'at first');
    is(stats($own), 'requests: 0;most at once: 0;', 'asking does not count');
    at_once($own, '/stats', '/stats?delay=50');
    at_once($own, '/page/1') for 1 .. 5;
    is(stats($own), 'requests: 5;most at once: 1;', 'one after the other');

    # Each one goes away at once, and the next must not be counted beside it.
    for (1 .. 200) {
        my $socket = visit($own->{port}, request((qw(/silent /delay/9000 /drip?bytes=9&every=9000))[$_ % 3]));
        wait_for_requests($own, 5 + $_);
        close $socket;
    }
    is(stats($own), 'requests: 205;most at once: 1;', '200 that go away in the middle');

    at_once($own, ('/together/8') x 8);
    is(stats($own), 'requests: 213;most at once: 8;', 'eight at once');
    my @sockets = map { visit($own->{port}, request($_)) } ('/together/8') x 3, ('/delay/60000') x 2, '/together/8';
    wait_for_requests($own, 219);
    close $_ for splice @sockets, 3;
    my @answers = at_once($own, ('/together/8') x 5);
    is(scalar(grep { $_->{body} =~ /8 together/ } @answers), 5, 'five more');
    is(stats($own), 'requests: 224;most at once: 8;', 'beside three, as three others have gone');
    like(all_of($_), qr/8 together/, 'those that stayed are answered') for @sockets;
    at_once($own, '/nope', '/page/x', '/reset', '/cut');
    print { visit($own->{port}) } "nonsense\r\n\r\n";
    is(stats($own), 'requests: 228;most at once: 8;', 'wrong ones count, nonsense does not');
    end_site($own);
};

subtest 'at its end the count is written down' => sub {
    local $ENV{SITE_COUNTS} = "$here/counts";
    my $own = start_site();
    at_once($own, ('/together/3') x 3);
    my $stays = visit($own->{port});
    for my $path ('/page/1', '/page/2', '/stats') {
        print $stays request($path, stay => 1);
        next_answer($stays);
    }
    end_site($own);
    is(read_file($ENV{SITE_COUNTS}), "5 requests, at most 3 at once, 4 connections\n", 'three, and two more on one connection');

    $ENV{SITE_COUNTS} = "$here/nowhere/counts";
    $own = start_site();
    close $own->{stdin};
    is(gone($own) // '', 1 << 8, 'where it cannot be, that is a failure');
};

subtest 'a thousand at once' => sub {
    my $own = @under ? start_site() : start_site('sh', '-c', 'ulimit -Sn 256; exec "$@"', 'sh', @site);
    my @sockets = map { visit($own->{port}, request('/silent')) } 1 .. 1000;
    wait_for_requests($own, 1000);
    is(stats($own), 'requests: 1000;most at once: 1000;', 'are held, though few files were allowed');
    is(get($own, '/page/7')->{status}, 200, 'beside them it still answers');
    @sockets = ();
    my @answers = at_once($own, map {"/page/$_"} 1 .. 1000);
    is(scalar(grep { $answers[$_]{body} =~ /<title>Page @{[$_ + 1]}</ } 0 .. 999), 1000, 'are answered, each with its own page');
    is(stats($own), 'requests: 2001;most at once: 1001;', 'as often as they asked');
    end_site($own);
};

subtest 'stdin closes' => sub {
    for my $path (undef, '/delay/60000', '/page/1?delay=60000', '/silent', '/drip?bytes=9&every=300', '/large/1073741824') {
        my $own = start_site();
        my @sockets = map { visit($own->{port}, request($path)) } 1 .. 3 if $path;
        wait_for_requests($own, 3) if $path;
        end_site($own, $path // 'idle');
        is(join('', readline $own->{err}), '', 'without a word');
    }
    my $own = start_site();
    syswrite $own->{stdin}, "something\n" x 1000;
    is(get($own, '/page/7')->{status}, 200, 'what is written there does not matter');
    end_site($own);
    is(run(\@site)->{status}, 0, 'from /dev/null: it ends at once');
    is(run(['sh', '-c', 'exec "$@" <&-', 'sh', @site])->{status}, 0, 'closed from the start');
};

# A terminal that another program has left so.
subtest 'stdin that does not block' => sub {
    pipe my $read, my $write or die "pipe: $!";
    $read->blocking(0);
    open my $own, '<&', \*STDIN or die "dup: $!";
    open STDIN, '<&', $read or die "dup: $!";
    pipe my $out_read, my $out_write or die "pipe: $!";
    my $pid = fork // die "fork: $!";
    if ($pid == 0) {
        close $write;
        open STDOUT, '>&', $out_write or POSIX::_exit(126);
        exec @site or POSIX::_exit(127);
    }
    open STDIN, '<&', $own or die "dup: $!";
    close $out_write;
    my ($port) = (<$out_read> // '') =~ /:(\d+)$/;
    # What it reads when there is nothing comes between the first and the second.
    for (1 .. 2) {
        syswrite $write, "ignored\n";
        ok(wait_until(sub { !IO::Select->new($read)->can_read(0) }), 'is read');
    }
    close $read;
    my $site = {pid => $pid, port => $port, stdin => $write};
    is(get($site, '/page/7')->{status}, 200, 'is waited for');
    end_site($site);
};

subtest 'it lets go' => sub {
    my $own = start_site();
    for my $name (qw(out err)) {
        last if @under; # which has its own copy
        ok(IO::Select->new($own->{$name})->can_read(patience()) && sysread($own->{$name}, my $x, 1) == 0,
            "of std$name");
    }
    is(get($own, '/page/7')->{status}, 200, 'and serves');
    kill INT => $own->{pid};
    is(gone($own), 2, 'by hand, Ctrl-C ends it') unless @under;
    gone($own) if @under;
};

subtest 'bad starts' => sub {
    my $ran = run([@site, 'x']);
    is("$ran->{status} $ran->{err}", "2 usage: site\n", 'an argument');
    for (['ulimit -n 100; exec "$@"', qr/^site: cannot hold 100 connections \(ulimit -n is too low\): too many open files$/],
        ['exec "$@" >&-', qr/^site: cannot print the address: bad file descriptor$/],
        ['exec "$@" >/dev/full', qr/^site: cannot print the address: no space left on device$/])
    {
        my ($line, $wanted) = @$_;
        SKIP: {
            skip("cannot be done here: $line", 2)
                if @under || ($line =~ /full/ && !-e '/dev/full');
            $ran = run(['sh', '-c', $line, 'sh', @site]);
            is($ran->{status}, 1, $line);
            like($ran->{err}, $wanted, 'a sentence');
        }
    }
};

end_site($site);

# --- with-site ---

# Processes whose program is in our directory, as far as the system tells.
sub left {
    my @left;
    my $look = sub {
        @left = grep { (readlink "$_/exe" // '') =~ m{\A\Q$here\E/} || read_file("$_/cmdline") =~ m{\Q$here\E/site} }
            grep { $_ ne "/proc/$$" } glob '/proc/[0-9]*';
    };
    return if wait_until(sub { !$look->() });
    return map { "$_: " . read_file("$_/cmdline") =~ tr/\0/ /r } @left;
}

sub perl_with { return ($with, $^X, '-MIO::Socket::INET', '-e', @_) }

my $ask = q{sub ask { my ($port) = $ENV{SITE} =~ /:(\d+)$/; my $s = IO::Socket::INET->new("127.0.0.1:$port") or return "none\n";
    print $s "GET @_ HTTP/1.0\r\n\r\n"; local $/; (<$s> // '') =~ m{<title>(.*)</title>}; "$1\n" } $| = 1; };

subtest 'with-site' => sub {
    my $ran = run([perl_with($ask . q{print "$ENV{SITE} @ARGV\n", ask("/page/7"); exit 7}, 'a b', 'c')]);
    like($ran->{out}, qr{\Ahttp://127\.0\.0\.1:\d+ a b c\nPage 7\n\z}, 'the program finds the site');
    is("$ran->{status} $ran->{err}", '7 ', 'its exit status');
    no_complaints('nothing is left', left());
    is(run([$with, 'sh', '-c', 'kill -s SEGV $$'])->{signal}, 11, 'a crash');
    no_complaints('nothing is left', left());
    is(run([$with, 'true'])->{status}, 0, 'found in $PATH');
    is(run([perl_with(q{exit(wait() == -1 && waitpid(-1, 0) == -1 ? 0 : 1)})])->{status}, 0,
        'the program has no child that it does not know');
    is(run([$with, $with, 'true'])->{status}, 0, 'one in another');
    no_complaints('nothing is left', left());

    $ran = run([$with]);
    is("$ran->{status} $ran->{err}", "2 usage: with-site PROGRAM [ARGUMENT...]\n", 'no program');
    $ran = run([$with, './nope']);
    is("$ran->{status} $ran->{err}", "127 with-site: cannot start ./nope: No such file or directory\n", 'there is none');
    $ran = run([$with, $here]);
    is($ran->{status}, 126, 'it is no program');
    no_complaints('nothing is left', left());
};

subtest 'more open files than one would think' => sub {
    my $ran = run([$^X, '-e', q{
        $^F = 5000; # these are handed down
        for (1 .. 1100) { last if !open $files[$_], '<', '/dev/null' }
        print scalar(@files), "\n"; $| = 1;
        exec @ARGV or die}, $with, 'true']);
    plan(skip_all => 'there can not be so many') if $ran->{out} < 1100;
    is($ran->{status}, 0, 'a program with 1,100 of them');
    no_complaints('nothing is left', left());
};

subtest 'no site' => sub {
    my $empty = scratch();
    system('cp', $with, $empty) == 0 or die;
    for ([undef, "with-site: cannot start $empty/site: No such file or directory\n"],
        ["#!/bin/sh\n", "with-site: the server has not started\n"], ["#!/bin/sh\nkill -9 \$\$\n", "with-site: the server has not started\n"],
        ["#!/bin/sh\necho 'site: cannot x: y' >&2\nexit 1\n", "site: cannot x: y\n"])
    {
        my ($text, $wanted) = @$_;
        write_file("$empty/site", $text, 0755) if defined $text;
        my $ran = run(["$empty/with-site", 'echo', 'hello']);
        is("$ran->{status}$ran->{out}", 1, 'it says so, and the program is not started');
        is($ran->{err}, $wanted, 'in one sentence');
    }
};

subtest 'few files, few processes, no /proc' => sub {
    local $ENV{ASAN_OPTIONS} = 'detect_leaks=0'; # to look for them takes files and processes
    my $ran = run(['sh', '-c', 'for count; do echo "limit $count"; (ulimit -n $count && exec "$with" true) 2>&1; echo "status $?"; done',
            'sh', 4 .. 16], env => {with => $with});
    for my $count (4 .. 16) {
        my ($err, $status) = $ran->{out} =~ /^limit $count\n(.*?)^status (\d+)\n/ms;
        is($status, 1, "ulimit -n $count");
        # Before main: a library that can't be opened.
        like($err, qr/\A[^\n]+(?i:too many open files|error while loading shared libraries)[^\n]*\n\z/, 'one sentence');
    }
    chmod 0755, $here;
    for my $count (1, 2) {
        my @few = (qw(setpriv --clear-groups --reuid=54321 prlimit), "--nproc=$count");
        SKIP: {
            skip('processes cannot be limited here', 2) if $> != 0 || !tool('setpriv') || !tool('prlimit');
            my $ran = run([@few, $with, 'true']);
            isnt($ran->{status}, 0, "$count processes");
            like($ran->{err}, qr/\A[^\n]*: cannot [^\n]*\n\z/i, 'one sentence');
        }
    }
    my $hide = 'mount -t tmpfs none /proc && exec "$@"';
    my @hide = ('unshare', '--mount', 'sh', '-c', $hide, 'sh');
    SKIP: {
        skip('sanitizers need /proc', 2) if $ENV{SANITIZE};
        skip('nothing can be mounted here', 2) if @under || run([@hide, 'true'])->{status};
        is(run([@hide, $with, 'true'])->{status}, 0, 'no /proc');
        is(run([@hide, 'sh', '-c', 'PATH=$1:$PATH; exec with-site true', 'sh', $here])->{err},
            "with-site: cannot find itself, and the server beside it: is /proc missing?\n", 'found in $PATH, without /proc');
    }
};

# Start a program with a site, in a process group of its own, and read its first line.
sub start_with {
    my (@command) = @_;
    my $pid = open(my $from, '-|') // die "fork: $!";
    if ($pid == 0) {
        setpgrp;
        $SIG{INT} = 'DEFAULT';
        exec @command or die;
    }
    chomp(my $line = <$from> // '');
    return ($pid, $from, $line);
}

my @tells_and_stays = ($with, 'sh', '-c', 'echo "$SITE"; exec sleep 600');

subtest 'Ctrl-C, and the end of the program' => sub {
    my ($pid, $from, $address) = start_with(perl_with($ask . q{$SIG{INT} = sub { print ask("/page/7"); exit 3 }; print "$ENV{SITE}\n"; sleep 600}));
    kill INT => -$pid;
    is(<$from>, "Page 7\n", 'after Ctrl-C the program can still ask');
    close $from;
    is($? >> 8, 3, 'and end as it likes');
    no_complaints('nothing is left', left());
    for my $signal (qw(KILL INT TERM)) {
        ($pid, $from, $address) = start_with(@tells_and_stays);
        my ($port) = $address =~ /(\d+)$/;
        my $visit = visit($port, request('/silent'));
        kill $signal => $signal eq 'KILL' ? $pid : -$pid;
        is(scalar(<$from>), undef, "SIG$signal: its stdout is closed");
        close $from;
        no_complaints('nothing is left', left());
        ok(!IO::Socket::INET->new("127.0.0.1:$port"), 'nobody listens');
    }
};

# Who waits for a file of the program's to close does not wait for the site.
subtest 'the site holds nothing of the program' => sub {
    pipe my $read, my $write or die;
    pipe my $hold, my $release or die;
    my $pid = fork // die;
    if ($pid == 0) {
        POSIX::dup2(fileno $write, $_) for 1, 2, 9;
        POSIX::dup2(fileno $hold, 0);
        POSIX::close(fileno $_) for $read, $write, $hold, $release;
        exec $with, 'sh', '-c', 'echo $SITE; exec >&- 2>&- 9>&-; read x' or die;
    }
    close $_ for $write, $hold;
    my $address = <$read>;
    if (@under) {
        pass('but the tool does');
    } else {
        ok(IO::Select->new($read)->can_read(patience()) && !defined <$read>, 'all are closed while it runs');
    }
    ok(IO::Socket::INET->new($address =~ s{\Ahttp://|\n}{}gr), 'and the site serves');
    close $release;
    waitpid $pid, 0;
    no_complaints('nothing is left', left());
};

subtest 'five at once' => sub {
    my @started = map { [start_with(@tells_and_stays)] } 1 .. 5;
    my %ports = map { $_->[2] => 1 } @started;
    is(keys %ports, 5, 'have five sites');
    for my $address (keys %ports) {
        my ($port) = $address =~ /(\d+)$/;
        ok(IO::Socket::INET->new("127.0.0.1:$port"), "$address");
        ok(!IO::Socket::INET->new("127.0.0.2:$port"), 'on 127.0.0.1 only');
    }
    kill KILL => map { $_->[0] } @started;
    close $_->[1] for @started;
    no_complaints('nothing is left', left());
};

done_testing();
