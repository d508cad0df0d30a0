#!/usr/bin/env perl
# fetch.t - common/fetch.c against every fault that the course's site makes, and some that
# it doesn't, for which there is a server here. What a fetch tells must be the same by
# both ways, with each version of curl; each callback comes once, and the loop ends.

use strict;
use warnings;

use lib 'tests';
use Course;
use IO::Socket::INET;
use POSIX qw(mkfifo);
use Socket qw(MSG_PEEK SOL_SOCKET SO_RCVBUF);
use Test::More;
use Time::HiRes qw(sleep);

my $build     = build_dir();
my $subject   = "$build/tests/subjects/fetch_subject";
my $with_site = "$build/common/with-site";
my $scratch   = scratch();
our @under; # a tool, for a while

if (!-x $subject || !-x $with_site) {
    my $missing = "$subject or $with_site is not built";
    plan(skip_all => $missing) if !$ENV{REQUIRE_ALL};
    die "$missing, and REQUIRE_ALL is set\n";
}

# Most of the time is waiting: the parts run beside one another, each as a process of its own.
my %parts = (
    'outcomes'             => ['outcomes', 'one after the other', 'proxies', 'a proxy between', 'TLS', 'without a site'],
    'times and limits'     => ['a page that begins', 'deadlines', 'at most so many', 'connections are kept',
        'both directions at once', 'what is lacking', 'no heirs', 'a kept connection that the site closes'],
    'cancelled and closed' => ['cancelled and closed'],
    'under valgrind'       => ['under valgrind'],
);
my %tests;

if (!@ARGV) {
    my %output = map { open(my $from, '-|', "$^X $0 '$_' 2>&1") or die "fork: $!\n"; ($_ => $from) } keys %parts;
    for my $part (sort keys %parts) {
        my $from = $output{$part};
        my @said = <$from>;
        my $well = close $from;
        ok($well, $part) || diag(@said);
        for my $reason (map { /^ok .* # skip (.*)/ ? $1 : () } @said) {
            SKIP: { skip $reason, 1 }
        }
    }
    done_testing();
    exit;
}

my @proxies = qw(http_proxy https_proxy all_proxy ALL_PROXY);
delete @ENV{@proxies, qw(HTTPS_PROXY no_proxy NO_PROXY SSL_CERT_FILE)};

# --- a server whose faults the site hasn't ---

my %faults = (
    '/closes-without' => sub { },
    '/not-http'       => sub { print { $_[0] } "220 mail.example ready\r\n" x 9 },
    '/cut-chunk'      => sub {
        print { $_[0] } "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n";
    },
    '/bad-chunk'  => sub { print { $_[0] } "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno number\r\n" },
    '/to-no-url'  => sub { print { $_[0] } "HTTP/1.1 302 Go\r\nLocation: http://\r\nConnection: close\r\nContent-Length: 0\r\n\r\n" },
    '/long-status'  => sub { print { $_[0] } 'HTTP/1.1 200 ' . 'x' x 150_000 . "\r\n\r\n" },
    '/long-header'  => sub { print { $_[0] } "HTTP/1.1 200 OK\r\nx: " . 'x' x 150_000 . "\r\n\r\n" },
    '/many-headers' => sub { print { $_[0] } "HTTP/1.1 200 OK\r\n" . ('x: ' . 'x' x 1000 . "\r\n") x 400 . "\r\n" },
    '/to-a-file'    => sub { print { $_[0] } "HTTP/1.1 302 Go\r\nLocation: file:///etc/passwd\r\nConnection: close\r\nContent-Length: 0\r\n\r\n" },
    '/wrong-length' => sub { print { $_[0] } "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\n0123456789" },
    '/until-closed' => sub { print { $_[0] } "HTTP/1.1 200 OK\r\n\r\n" . 'x' x 600 },
    '/begins' => sub {
        print { $_[0] } "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n1";
        $_[0]->flush;
        readline $_[0]; # until the other end goes
    },
    '/answers-once' => sub {
        print { $_[0] } "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        $_[0]->flush;
        readline $_[0]; # the next request, by a connection that was kept
    },
    '/keeps-a-while' => sub {
        print { $_[0] } "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        $_[0]->flush;
        sleep 0.1;
    },
);

# What it answers as a proxy.
my %tunnels = (
    'deny'  => "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n",
    'auth'  => "HTTP/1.1 407 Who\r\nContent-Length: 0\r\n\r\n",
    'close' => '',
    'wrong' => "HTTP/1.1 200 OK\r\n\r\nno TLS\r\n",
);

# A page's size is the number of its connection.
sub serve {
    my ($connection, $number) = @_;
    recv $connection, my $start, 16, MSG_PEEK;
    sleep 0.4 if $start =~ m{^GET /reads-late};
    my $request = <$connection> // return;
    if (my ($host) = $request =~ /^CONNECT (\w+)/) {
        while (<$connection>) { last if /^\r?$/ }
        print $connection $tunnels{$host};
        $connection->flush;
        <$connection> if $host eq 'wrong'; # the hello of TLS
        return;
    }
    my ($path) = $request =~ m{^GET (/[^ ?]*)} or return;
    while (<$connection>) { last if /^\r?$/ }
    return $faults{$path}->($connection) if $faults{$path};
    print $connection "HTTP/1.1 200 OK\r\nContent-Length: $number\r\n\r\n", 'x' x $number;
    $connection->flush;
    return serve($connection, $number);
}

my $listener = IO::Socket::INET->new(Listen => 100, LocalAddr => '127.0.0.1') or die "no server: $!\n";
setsockopt $listener, SOL_SOCKET, SO_RCVBUF, 4096; # so that a long request can't be sent at once
# It's ours, and we don't listen there.
my $closed   = IO::Socket::INET->new(Proto => 'tcp', LocalAddr => '127.0.0.1') or die "no server: $!\n";
my $faulty   = 'http://127.0.0.1:' . $listener->sockport;
my $refusing = 'http://127.0.0.1:' . $closed->sockport . '/';
my $server = fork // die "fork: $!\n";

if ($server == 0) {
    alarm 1000; # should nobody be left to end it
    open STDOUT, '>', '/dev/null'; # which somebody reads to its end
    open STDERR, '>', '/dev/null';
    $SIG{CHLD} = 'IGNORE';
    $SIG{PIPE} = 'IGNORE';
    for (my $number = 1; my $connection = $listener->accept; $number++) {
        next if fork;
        close $listener;
        serve($connection, $number);
        close $connection;
        POSIX::_exit(0);
    }
    POSIX::_exit(0);
}
close $listener;
my @servers = ($server);
our @said;
END { my $status = $?; kill TERM => @servers if @servers; $? = $status }

# --- what the subject tells ---

# Let it do some scenarios, one after the other: [name, arguments], ... @SITE@ in an
# argument is the site's address. Returns for each the outcomes by number, and all that
# it printed.
sub subjects {
    my @words = map { ('+', @$_) } @_;
    my $line  = join ' ', map { /\@SITE\@/ ? s/\@SITE\@(.*)/"\$SITE"'$1'/r : "'$_'" } @words[1 .. $#words];
    my $ran   = run([$with_site, 'sh', '-c', "exec @under $subject $line"]);
    my @outs  = split /^(?:== .*\n)/m, $ran->{out};
    my $well  = $ran->{status} == 0 && $ran->{signal} == 0 && $ran->{err} eq '';
    shift @outs;
    return map { one_of($outs[$_] // '', $well && $outs[$_] !~ /WRONG/, $ran->{err}) } 0 .. $#_;
}

sub one_of {
    my ($out, $is_right, $err) = @_;
    my %fetch;
    for (split /\n/, $out) {
        next if !/^(\d+): result (\d+), status (\d+), (\d+) bytes, first byte (\d+), queued (\d+), took (\d+): (.*)$/;
        push @{ $fetch{$1} },
            { result => $2, status => $3, size => $4, first => $5, queued => $6, took => $7, error => $8 };
    }
    return { fetch => \%fetch, right => $is_right, out => $out, err => $err };
}

sub subject { return (subjects([@_]))[0] }

# Each fetch's outcome in a line: 7, 0, 0, connection refused
sub outcomes {
    my ($got, $count, @fields) = @_;
    return join "\n", map {
        my $them = $got->{fetch}{$_} || [];
        @$them == 1 ? join ', ', @{ $them->[0] }{@fields} : 'callbacks: ' . @$them;
    } 1 .. $count;
}

sub all_right {
    my ($got, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return ok($got->{right}, $name) || diag($got->{out}, $got->{err});
}

# Parts that one process does: [scenarios, what looks at what they tell], ...
sub together {
    my (@parts) = @_;
    my @gots = subjects(map { @{ $_->[0] } } @parts);
    $_->[1]->(splice @gots, 0, @{ $_->[0] }) for @parts;
    return;
}

# name => [options, [URL, result, status, bytes, sentence], ...], by both ways.
sub outcomes_are { return together(part_of_outcomes(@_)) }

sub part_of_outcomes {
    my %table = @_;
    my (@all, @asked);
    for my $name (sort keys %table) {
        my ($options, @expected) = @{ $table{$name} };
        for my $way (@$options && $options->[0] eq '-l' ? ('') : ('', '-w')) { # -w has no such limit
            push @all, [$name . ($way ? ', waited for' : ', by the loop'), @expected];
            push @asked, ['fetch', $way || (), @$options, map { $_->[0] } @expected];
        }
    }
    return [\@asked, sub {
        for my $got (@_) {
            my ($name, @expected) = @{ shift @all };
            is(outcomes($got, scalar(@expected), qw(result status size error)),
                join("\n", map { join ', ', @$_[1 .. 4] } @expected), $name) || diag($got->{out});
            all_right($got, '  its end');
        }
    }];
}

my $file    = write_file("$scratch/page.html", 'x' x 12345);
my $fifo    = "$scratch/fifo";
mkfifo($fifo, 0600) or die "$fifo: $!\n";
my $aborted = '42, cancelled';

sub faults {
    return part_of_outcomes('what comes' => [['-d', 60_000],
        ['@SITE@/page/1',        0, 200, 1037,  ''],
        ['@SITE@/status/404',    0, 404, 115,   ''],
        ['@SITE@/status/500',    0, 500, 115,   ''],
        ['@SITE@/status/204',    0, 204, 0,     ''],
        ['@SITE@/redirect/10',   0, 200, 133,   ''],
        ['@SITE@/wrong-length',  0, 200, 500,   ''],
        ["$faulty/wrong-length", 0, 200, 5,     ''],
        ['@SITE@/large/4096',    0, 200, 4096,  ''],
        ['@SITE@/large/1000000', 0, 200, 1000000, ''],
        ["file://$file",         0, 0,   12345, ''],
        ["$faulty/until-closed", 0, 200, 600,   ''],
        ],
        'what fails' => [['-d', 60_000],
        [$refusing,                7,  0,   0,   'connection refused'],
        ['@SITE@/reset',           56, 0,   0,   'connection reset'],
        ['@SITE@/cut',             18, 200, 500, 'cut short after 500 of 1000 bytes'],
        ["$faulty/cut-chunk",      18, 200, 10,  'cut short after 10 bytes'],
        ["$faulty/closes-without", 52, 0,   0,   'closed without an answer'],
        ["$faulty/not-http",       1,  0,   0,   'the answer is not HTTP'],
        ['@SITE@/redirect/11',     47, 302, 0,   'too many redirects'],
        ['@SITE@/redirect/loop',   47, 302, 0,   'too many redirects'],
        ["$faulty/to-a-file",      1,  302, 0,   'redirected to what is not http or https'],
        ["$faulty/to-no-url",      3,  302, 0,   'redirected to what is not a URL'],
        ['@SITE@/large/16777217',  63, 200, 0,   'larger than 16777216 bytes'],
        ["file://$fifo",           37, 0,   0,   "cannot read $fifo"],
        ["file://$scratch",        37, 0,   0,   "cannot read $scratch"],
        ["file://$scratch/none",   37, 0,   0,   "cannot read $scratch/none"],
        ['http://nobody.invalid/', 6,  0,   0,   'cannot find the host nobody.invalid'],
        ["http://m\xc3\xbcnchen.invalid/", 6, 0, 0, "cannot find the host m\xc3\xbcnchen.invalid"],
        ['gopher://127.0.0.1/',    1,  0,   0,   'only http, https and file are fetched'],
        ['httpx://127.0.0.1/',     1,  0,   0,   'only http, https and file are fetched'],
        ['http://a b/',            3,  0,   0,   'not a URL: http://a b/'],
        ['',                       3,  0,   0,   'not a URL: '],
        ],
        'what takes too long' => [['-d', 200],
        ['@SITE@/silent',     28, 0, 0, 'no answer within 200 ms'],
        ['@SITE@/delay/60000', 28, 0, 0, 'no answer within 200 ms'],
        ],
        'what is too large' => [['-l', 500],
        ['@SITE@/page/1',               63, 200, 0,   'larger than 500 bytes'],
        ["$faulty/until-closed",        63, 200, 500, 'larger than 500 bytes'],
        ['@SITE@/drip?bytes=501&every=0', 63, 200, 500, 'larger than 500 bytes'],
        ['@SITE@/drip?bytes=500&every=0', 0,  200, 500, ''],
        ["file://$file",                63, 0,   500, 'larger than 500 bytes'],
        ]);
}

$tests{'outcomes'} = sub { together(faults()) };

# What an easy handle, a connection or another address still has of a failure before isn't
# told of the next one: each of these after each.
$tests{'one after the other'} = sub {
    my $port = $faulty =~ s/.*://r;
    my @urls = ($refusing, '@SITE@/reset', '@SITE@/cut', '@SITE@/page/1', '@SITE@/redirect/11', 'httpx://a/', 'http://a b/',
        "file://$file", "file://$scratch/none", "http://a.second:$port/bad-chunk", 'http://nobody.invalid/', "https://127.0.0.1:$port/",
        map {"$faulty/$_"} qw(bad-chunk not-http closes-without long-header to-no-url until-closed connection));
    my @order = map { my $one = $_; ($one, map { ($one, $_) } $one .. $#urls) } 0 .. $#urls;
    for my $way (['-m', 1], ['-w']) {
        my @alone = subjects(map { ['fetch', @$way, '-l', 50_000, $_] } @urls);
        my $all   = subject('fetch', @$way, '-l', 50_000, @urls[@order]);
        my @wrong;
        for my $place (1 .. $#order) {
            my ($before, $this) = @order[$place - 1, $place];
            my ($got, $expected) = map { join ', ', @{ $_->[0] }{qw(status error)} } $all->{fetch}{ $place + 1 }, $alone[$this]{fetch}{1};
            push @wrong, "$urls[$this] after $urls[$before]: $got; alone: $expected" if $got ne $expected;
        }
        all_right($all, "their ends, @$way");
        no_complaints("each as it is alone, @$way", @wrong);
    }
};

$tests{'a page that begins'} = sub {
    for my $way ([], ['-w']) {
        my $got = subject('fetch', @$way, '-c', '-d', 300, "$faulty/begins");
        my $one = $got->{fetch}{1}[0];
        all_right($got, "its end @$way");
        is($one->{error}, 'not whole within 300 ms', 'the deadline comes in the middle of it');
        is($one->{size}, 1, 'one byte has come');
    }
};

$tests{'deadlines'} = sub {
    my $got = subject('fetch', '-m', 1, '@SITE@/delay/400', '@SITE@/delay/401', 500, '@SITE@/silent');
    is_deeply([map { $got->{fetch}{$_}[0]{error} } 1 .. 3], ['', '', 'no answer within 500 ms'],
        'they are counted from the turn');
    my ($first, $last) = map { $got->{fetch}{$_}[0] } 1, 3;
    cmp_ok($first->{first}, '>=', 399, 'the first byte');
    cmp_ok($last->{queued}, '>=', 799, 'it waited');
    cmp_ok($last->{took},   '>=', 499, 'it took');
    cmp_ok($last->{$_}, '<', 1000 * patience(), 'in seconds') for qw(queued took);
    for my $way ([], ['-w']) {
        $got = subject('fetch', @$way, '-d', 300, 'http://nobody.slow/');
        is($got->{fetch}{1}[0]{error}, 'no answer within 300 ms', "while a name is looked up @$way");
        cmp_ok($got->{fetch}{1}[0]{took}, '<', 30_000, '... which takes a minute');
        $got = subject('fetch', @$way, '-j', "https://127.0.0.1:" . $faulty =~ s/.*://r . '/');
        is($got->{fetch}{1}[0]{error}, 'no TLS with 127.0.0.1', "without one it may take for ever @$way");
    }
    all_right($_, 'what needs no socket does not keep others waiting')
        for subjects(map { ['no-starving', $_, '@SITE@/page/1'] } "file://$file", "file://$scratch/none", 'nonsense:x', 'gopher://a/', "file://$fifo");
    $got = subject('late-start', '@SITE@/silent');
    all_right($got, 'after a long callback');
    ok($got->{fetch}{1}[0]{took} >= 199, "the deadline is no shorter: $got->{fetch}{1}[0]{took}");
};

# All that is used up by others, or too long, is told as what it is.
$tests{'what is lacking'} = sub {
    for my $way ([], ['-w']) {
        my $got = subject('fetch', @$way, '-f', 3, $refusing, 'http://a.here/', "file://$file");
        is(outcomes($got, 3, 'error'), join("\n", ('too many open files') x 3), "no file number @$way");
        for my $size (1_000_001, 1_100_000, 8_000_100) {
            $got = subject('fetch', @$way, '-p', $size, "$faulty/connection");
            is(outcomes($got, 1, qw(result error)), '3, the URL is too long', "$size bytes @$way");
        }
        $got = subject('fetch', @$way, '-d', 60_000, map {"$faulty/$_"} qw(long-status long-header many-headers));
        is(outcomes($got, 3, 'error'), join("\n", ('a header of the answer is too long') x 3), "a header @$way");
    }
    for my $url ('@SITE@/silent', 'http://a.here:' . $faulty =~ s/.*://r . '/begins') {
        my $got  = subject('fetch', '-f', 40, '-d', 1000, ($url) x 60);
        my %said = map { $_->[0]{error} =~ s/.*(?= within 1000 ms)//r => 1 } values %{ $got->{fetch} };
        all_right($got, "60 at once with 40 file numbers: $url");
        is(join(';', sort keys %said), ' within 1000 ms;too many open files', '... what fails says so');
    }
    is($_->{out}, "closed\n", 'idle connections take nobody\'s place')
        for subjects(map { ['two-bursts', @$_, '@SITE@/together/80', "$faulty/connection"] } [], ['-m']);
};

$tests{'at most so many'} = sub {
    my ($got, $stats) = subjects(['fetch', '-m', 7, ('@SITE@/together/7') x 301], ['show', '@SITE@/stats']);
    all_right($got, '301, 7 at once');
    is(scalar(grep { $_->[0]{result} == 0 } values %{ $got->{fetch} }), 301, 'all have come');
    is($stats->{out}, "requests: 301\nmost at once: 7\n", 'the site saw as many');
    ($got, $stats) = subjects(['fetch', '-m', 1, '@SITE@/delay/30', map {"\@SITE\@/page/$_"} 1 .. 9],
        ['show', '@SITE@/stats']);
    is(join(' ', $got->{out} =~ /^(\d+): result 0/mg), '1 2 3 4 5 6 7 8 9 10', 'first come, first served');
    is($stats->{out}, "requests: 10\nmost at once: 1\n", 'one at a time');
    (undef, $stats) = subjects(['fetch', ('@SITE@/together/20') x 20], ['show', '@SITE@/stats']);
    is($stats->{out}, "requests: 20\nmost at once: 20\n", 'any number');
};

$tests{'proxies'} = sub {
    local @ENV{@proxies} = ('http://127.0.0.1:1') x @proxies;
    outcomes_are('with proxies that refuse' => [['-d', 60_000],
        ['@SITE@/page/1',          0, 200, 1037, ''],
        ["$faulty/wrong-length",   0, 200, 5,    ''],
        ['http://nobody.invalid/', 7, 0,   0,    'connection refused']]);
    my $direct = [6, 0, 0, 'cannot find the host nobody.invalid'];
    my $by_proxy = [7, 0, 0, 'connection refused'];
    for (['no_proxy', 'nobody.invalid', $direct], ['NO_PROXY', 'a.example, nobody.invalid', $direct],
        ['no_proxy', '*', $direct], ['no_proxy', 'a.example', $by_proxy],
        ['no_proxy', ('x' x 99 . ',') x 45 . 'nobody.invalid', $by_proxy]) {
        my ($variable, $hosts, $how) = @$_;
        local $ENV{$variable} = $hosts;
        outcomes_are("beside $variable=" . substr($hosts, 0, 40) => [['-d', 60_000],
            ['@SITE@/page/1', 0, 200, 1037, ''], ['http://nobody.invalid/', @$how]]);
        all_right(subject('no-proxy'), 'its words, for each thread');
    }
};

$tests{'a proxy between'} = sub {
    local @ENV{@proxies} = ($faulty) x @proxies;
    outcomes_are('what it says to https' => [['-d', 60_000, '-m', 1],
        [$refusing,             7,  0, 0, 'connection refused'],
        ['https://deny.test/',  56, 0, 0, 'the proxy refuses: 403'],
        ['https://auth.test/',  56, 0, 0, 'the proxy refuses: 407'],
        ['https://close.test/', 56, 0, 0, 'Proxy CONNECT aborted'],
        ['https://wrong.test/', 35, 0, 0, 'no TLS with wrong.test'],
        ['http://a.test/',      52, 0, 0, 'closed without an answer']]);
    for my $way ([], ['-w']) {
        my $got = subject('fetch', @$way, 'https://wrong.test/');
        is($got->{fetch}{1}[0]{first}, 0, "its answer is not the page's, @$way");
    }
    my ($port) = $refusing =~ /:(\d+)/;
    my $got = subject('fetch', map { "http://$_:$port/" } 'localhost', 'LocalHost', '127.0.0.1', '127.0.0.2', '[::1]', '127.1');
    is(outcomes($got, 6, 'result'), join("\n", (7) x 6), 'our own machine is asked directly, whatever it is called');
};

$tests{'connections are kept'} = sub {
    for my $way (['-m', 5], ['-w']) {
        my $got   = subject('fetch', @$way, '-n', 3, ("$faulty/connection") x 20);
        my @all   = map {@$_} values %{ $got->{fetch} };
        my %sizes = map { $_->{size} => 1 } @all;
        all_right($got, "60 pages, @$way");
        is(@all, 60, 'all have come');
        is(scalar(keys %sizes), $way->[0] eq '-w' ? 1 : 5, 'by as many connections as were needed');
        $got = subject('fetch', $way->[0] eq '-w' ? '-w' : ('-m', 1), ("$faulty/answers-once") x 12);
        is(outcomes($got, 12, 'error'), "\n" x 11, 'each time the one that was kept dies');
    }
};

$tests{'no heirs'} = sub {
    all_right(subject('no-heirs', '@SITE@/page/1', '@SITE@/silent'), 'sockets are closed to the programs that are started');
};

$tests{'both directions at once'} = sub {
    my $got = subject('fetch', '-d', 60_000, '-p', 150_000, "$faulty/reads-late");
    is($got->{fetch}{1}[0]{error}, '', 'a request that cannot be sent at once');
};

sub scenarios {
    my %of = (
        'cancel-at-once' => [['@SITE@/silent', '@SITE@/page/1', '@SITE@/page/2'],
            [$aborted, $aborted, $aborted]],
        'cancel-later' => [['@SITE@/silent', '@SITE@/drip?bytes=99999&every=50', '@SITE@/delay/60000', $refusing],
            [$aborted, $aborted, $aborted, '7, connection refused'], qr/^cancel 4: EALREADY$/m],
        'cancel-waiting' => [['@SITE@/silent', '@SITE@/page/1', '@SITE@/page/2'],
            [$aborted, $aborted, '0, '], qr/\n2: .*\n1: .*\n3: /s],
        'cancel-from-inside' => [["file://$file", "file://$file", "file://$scratch/none"],
            ['0, ', $aborted, $aborted], qr/^1: .*\ncancel 1: EALREADY\ncancel 2: 0\ncancel 3: 0\n2: /m],
        'cancel-next'       => [['@SITE@/page/1'], ['0, ', $aborted]],
        'cancel-connecting' => [["file://$file"], [$aborted, '0, ', $aborted]],
        'close-at-once' => [[('@SITE@/page/1') x 3, '@SITE@/silent', 'http://nobody.invalid/', $refusing],
            [($aborted) x 6]],
        'close-later' => [['@SITE@/page/1', '@SITE@/silent', '@SITE@/drip?bytes=99999&every=50',
                ('@SITE@/delay/60000') x 3], ['0, ', ($aborted) x 5]],
        'close-from-inside' => [['@SITE@/page/1', ('@SITE@/silent') x 5], ['0, ', ($aborted) x 5]],
        'close-unused'      => [[], []],
        'rest'              => [['@SITE@/page/1', '@SITE@/delay/300'], ['0, ', '0, ']],
    );
    my @names = sort keys %of;
    my @asked = (['fetch', '@SITE@/page/1', $refusing], # the first one is slow under a tool
        (map { [$_, @{ $of{$_}[0] }] } @names),
        ['start-from-inside', '@SITE@/page/1', '@SITE@/page/2'],
        ['free-from-inside', '@SITE@/page/1', '@SITE@/silent', '@SITE@/cut', "file://$scratch/none"]);
    return [\@asked, sub {
        my (undef, @gots) = @_;
        for my $name (@names) {
            my (undef, $expected, $words) = @{ $of{$name} };
            my $got = shift @gots;
            all_right($got, $name);
            is(outcomes($got, scalar(@$expected), qw(result error)), join("\n", @$expected), '  the outcomes');
            like($got->{out}, $words, '  and their order') || diag($got->{out}) if $words;
            like($got->{out}, qr/^closed\n\z/m, '  closed at the end, once');
        }
        all_right($_, 'started or freed from inside') for @gots;
        is(scalar(() = $gots[0]{out} =~ /result 0, status 200/g), 12, '  the same ones again, and others');
        is(join(' ', sort $gots[1]{out} =~ /^(\d+): /mg), '0 18 28 37', '  the outcomes');
    }];
}

$tests{'cancelled and closed'} = sub { together(scenarios()) };

$tests{'a kept connection that the site closes'} = sub {
    my $got = subject('sleep-well', '@SITE@/delay/400', "$faulty/keeps-a-while");
    all_right($got, 'its end');
    my ($turns) = $got->{out} =~ /^turns: (\d+)/m;
    cmp_ok($turns, '<', 100, 'the loop sleeps meanwhile');
    is($got->{fetch}{3}[0]{size}, 2, 'the next fetch has a new connection');
};

$tests{'TLS'} = sub {
    return lacking('openssl is missing') if !tool('openssl');
    my $made = run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
            '-keyout', "$scratch/key", '-out', "$scratch/cert", '-days', 2, '-subj', '/CN=course',
            '-addext', 'subjectAltName=IP:127.0.0.1']);
    is($made->{status}, 0, 'a certificate') || diag($made->{err});
    my $pid = open(my $server, '-|') // die "fork: $!";
    if ($pid == 0) {
        open STDERR, '>', '/dev/null';
        exec qw(openssl s_server -accept 127.0.0.1:0 -www -key), "$scratch/key", '-cert', "$scratch/cert"
            or POSIX::_exit(127);
    }
    push @servers, $pid;
    push @said, $server; # which is closed when it has ended
    my $port;
    while (!$port && defined(my $line = <$server>)) { ($port) = $line =~ /^ACCEPT \S+:(\d+)/ }
    return lacking('no https server: an older openssl') if !$port;
    outcomes_are('a stranger' => [['-d', 60_000],
        ["https://127.0.0.1:$port/", 60, 0, 0, 'cannot trust the certificate of 127.0.0.1'],
        ["https://localhost:$port/", 60, 0, 0, 'cannot trust the certificate of localhost'],
        ["https://127.0.0.1:" . $faulty =~ s/.*://r . '/not-http', 35, 0, 0, 'no TLS with 127.0.0.1']]);
    {
        local $ENV{SSL_CERT_FILE} = '';
        outcomes_are('an empty SSL_CERT_FILE' => [['-d', 60_000],
            ["https://127.0.0.1:$port/", 60, 0, 0, 'cannot trust the certificate of 127.0.0.1']]);
    }
    local $ENV{SSL_CERT_FILE} = "$scratch/cert";
    for my $way ([], ['-w']) {
        my $got = subject('fetch', @$way, '-d', 60_000, "https://127.0.0.1:$port/", "https://localhost:$port/");
        my ($right, $wrong) = map { $got->{fetch}{$_}[0] } 1, 2;
        ok($right->{result} == 0 && $right->{status} == 200 && $right->{size} > 500, 'a friend') || diag($got->{out});
        is($wrong->{error}, 'cannot trust the certificate of localhost', 'under another name');
    }
    local $ENV{SSL_CERT_FILE} = "$scratch/none";
    outcomes_are('no certificate' => [[],
        ["https://127.0.0.1:$port/", 77, 0, 0, "cannot read the certificates in $scratch/none"]]);
};

$tests{'without a site'} = sub {
    my $ran = run([$subject, 'site'], env => {SITE => undef});
    is($ran->{status}, 2, 'its status');
    like($ran->{err}, qr{with-site \S*/fetch_subject$}, 'how to start it');
    $ran = run([$subject, 'site'], env => {SITE => 'http://127.0.0.1:12'});
    is($ran->{out}, "== site\nhttp://127.0.0.1:12\n", 'where it is');
};

$tests{'under valgrind'} = sub {
    plan(skip_all => 'built with sanitizers, which valgrind cannot run') if $ENV{SANITIZE};
    return lacking('valgrind is missing') if !tool('valgrind');
    local @under = ('valgrind', '-q', '--error-exitcode=99', '--leak-check=full');
    together(faults(), scenarios());
};

subtest($_ => $tests{$_}) for @{ $parts{ $ARGV[0] } };
done_testing();
