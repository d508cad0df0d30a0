#!/usr/bin/env perl
# setup.t - common/commands/setup, on machines made of fakes: a directory of tools that
# is the whole PATH, and package managers that write down what they were asked.
# Nothing is installed, no network and no root are needed. What doesn't depend on
# the shell is done by one bash, where there is one: the tools are functions in it,
# since thousands of processes would take much longer.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Temp qw(tempdir);
use IPC::Open2;
use POSIX qw(WIFSIGNALED);
use Test::More;

my $setup    = abs_path('common/commands/setup');
my @managers = qw(apt-get dnf pacman apk brew);
my @modules  = qw(Test::More Time::HiRes IPC::Open3 File::Temp File::Find POSIX);
my @core     = (qw(cc stdio.h pkg-config libuv libcurl libmicrohttpd jansson prove perl diff), @modules);
my @checks   = ('clang', 'clang-address,undefined', 'gcc', 'gcc-address,undefined',
    'gcc-thread', 'valgrind', 'valgrind-libc', 'patch', 'clang-format');
my @slides   = qw(node node-18 npm chromium pdftotext);
my @database = qw(libpq postgres);
my @grade    = qw(bwrap parallel rsync);
my @debian   = qw(debootstrap);
my %which = map { $_ => which($_) } qw(env mktemp mv rm bash script);

my $apt = 'DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends';
my $apt_core = 'gcc libc6-dev pkg-config libuv1-dev libcurl4-openssl-dev ca-certificates libmicrohttpd-dev '
    . 'libjansson-dev perl diffutils';
my $no_cluster = '/etc/postgresql-common/createcluster.d/no-cluster.conf';

delete @ENV{qw(CC PKG_CONFIG DEBIAN_FRONTEND CHROMIUM)};
$ENV{DEBOOTSTRAP} = '/no/such/file';

sub which {
    my ($tool) = @_;
    my ($path) = grep { -x } map { "$_/$tool" } split /:/, $ENV{PATH};
    return $path;
}

sub write_file {
    my ($path, $text, $mode) = @_;
    open my $file, '>', $path or die "$path: $!";
    print $file $text;
    close $file or die "$path: $!";
    chmod $mode // 0644, $path;
}

sub read_file {
    my ($path) = @_;
    open my $file, '<', $path or return '';
    local $/;
    return scalar <$file> // '';
}

# The fakes, in sh. $machine is the machine's directory, `has THING` asks what it
# has: what $has lists, or all, once the tools that come later are in complete/.
my $start = <<'SH';
has() {
    [ -e "$machine/complete" ] && return
    case " $has " in *" $1 "*) ;; *) return 1 ;; esac
}
finish() { mv "$machine/later" "$machine/complete"; }
SH
my $compiler = <<'SH';
local source= output= first
while [ $# -gt 0 ]; do
    case $1 in
    -fsanitize=*) has "NAME-${1#*=}" || return ;;
    -o) output=$2; shift ;;
    *.c) source=$1 ;;
    esac
    shift
done
read -r first <"$source"
[ "$first" != '#include <stdio.h>' ] || has stdio.h || return
: >"$output"
SH
my $manager = <<'SH';
[ "$1" = -Si ] && return "$lists"
echo "${DEBIAN_FRONTEND:+DEBIAN_FRONTEND=$DEBIAN_FRONTEND }NAME $*" >>"$machine/log"
[ "$1" = update ] && return "$lists"
case $install in
well) finish ;;
badly) echo 'E: no such package' >&2; return 100 ;;
nothing) ;;
ctrl_c) kill -INT $PPID; return 130 ;;
esac
SH
my %does = (
    (map { $_ => $compiler =~ s/NAME/$_/r } qw(cc gcc clang clang-99)),
    (map { $_ => $manager =~ s/NAME/$_/r } @managers),
    'pkg-config' => '[ "$1" != --exists ] || has "$2"',
    perl => 'for arg; do [ "$arg" = -e1 ] || has "${arg#-M}" || return; done',
    valgrind => 'has valgrind-libc',
    sudo => 'echo "sudo $*" >>"$machine/log"; "$@"',
    id => '[ "$1" = -u ] && echo "$uid"',
    uname => 'echo "$os"',
    'xcode-select' => 'has xcode',
    node => 'has node-18',
    'common/servers/find-postgres' => 'has postgres',
    install => 'echo "install $*" >>"$machine/log"',
    rm => 'case $* in *" /etc/"*) echo "rm $*" >>"$machine/log" ;; *) ' . $which{rm} . ' "$@" ;; esac',
    (map { $_ => ':' } qw(prove diff patch clang-format npm chromium google-chrome pdftotext debootstrap bwrap rsync)),
    parallel => 'echo "GNU parallel 20221122"',
);

my $machines = 0;
my $fakes    = tempdir(CLEANUP => 1);
mkdir $_ or die "$_: $!" for "$fakes/common", "$fakes/common/servers";
write_file("$fakes/$_", "#!/bin/sh\n${start}fake() {\n$does{$_}\n}\nfake \"\$@\"\n", 0755) for keys %does;

# The same, for the one bash.
write_file("$fakes/functions", join '', map {"$_() {\n$does{$_}\n}\n"} keys %does);
write_file("$fakes/prelude", <<"SH");
${start}finish() { : >"\$machine/complete"; . $fakes/functions; }
mktemp() { echo "\$machine/tmp"; }
env() { local "\$1"; shift; "\$@"; }
. $fakes/functions
SH

# A machine that has all that all the sets ask for, but @{$o{lacks}}; and
# beside that @{$o{also}}, and the package managers @{$o{managers}}.
sub machine {
    my %o = (lacks => [], also => [], managers => ['apt-get'], install => 'well',
        lists => 0, uid => 0, os => 'Linux', @_);
    my %lacks = map { $_ => 1 } @{$o{lacks}};
    my @has   = ((grep { !$lacks{$_} } @core, @checks, @slides, @database, @grade, @debian), @{$o{also}});
    my @tools   = ('id', 'uname', 'install', 'rm', @{$o{managers}}, grep { $does{$_} } @has);
    my $machine = "$fakes/machine" . ++$machines;
    mkdir $_ or die "$_: $!" for $machine, "$machine/tmp";
    return {%o{qw(install lists uid os)}, machine => $machine, has => "@has", tools => \@tools,
        PATH => "$machine/bin:$machine/complete", TMPDIR => "$machine/tmp"};
}

# Its tools, as files.
sub equip {
    my ($machine, @tools) = @_;
    mkdir "$machine/bin";
    symlink $which{$_}, "$machine/bin/$_" for qw(env mktemp mv);
    symlink "$fakes/common", "$machine/common";
    symlink "$fakes/$_", "$machine/bin/$_" for @tools;
    return symlink $fakes, "$machine/later";
}

my @shell; # runs common/commands/setup, where that isn't left to its first line
my ($to_bash, $from_bash); # the one that does it all

# Run common/commands/setup on a machine. For the tests that need them: a variable
# ($o{env}), a closed stdout, and somebody who types at a terminal.
sub setup {
    my ($machine, $args, %o) = @_;
    my ($dir, $tools, %variables) = ($machine->{machine}, $machine->{tools}, %$machine, %{$o{env} // {}});
    delete $variables{tools};
    my $ended = $to_bash && !defined $o{typed}
        ? setup_in_bash($dir, $tools, \%variables, @{$args // []})
        : setup_itself($dir, $tools, \%variables, \%o, @shell, $setup, @{$args // []});
    return {
        exit => WIFSIGNALED($ended) ? "signal $ended" : $ended >> 8,
        out  => read_file("$dir/out"),
        err  => read_file("$dir/err"),
        ran  => [split /\n/, read_file("$dir/log")],
        left => [glob "$dir/tmp/*"],
    };
}

sub setup_itself {
    my ($dir, $tools, $variables, $o, @command) = @_;
    equip($dir, @$tools);
    my $pid = fork // die "fork: $!";
    if ($pid == 0) {
        $SIG{INT} = 'DEFAULT';
        %ENV = (%ENV, SHELL => '/bin/sh', %$variables);
        write_file("$dir/typed", $o->{typed} // '');
        open STDIN, '<', "$dir/typed" or die;
        open STDOUT, '>', "$dir/out" or die;
        open STDERR, '>', "$dir/err" or die;
        close STDOUT if $o->{closed};
        chdir $dir or die;
        @command = ($which{script}, '-qec', "@command 2>$dir/err", '/dev/null')
            if defined $o->{typed};
        alarm 600; # nothing here may hang
        exec @command or die;
    }
    waitpid $pid, 0;
    return $?;
}

sub setup_in_bash {
    my ($dir, $tools, $variables, @args) = @_;
    my ($absent, $set) = ({ %does }, '');
    delete @$absent{ @$tools, 'common/servers/find-postgres' };
    $set .= "export $_=" . quoted($variables->{$_}) . "\n" for sort keys %$variables;
    write_file("$dir/case", "${set}unset -f @{[ sort keys %$absent ]}\n. $setup @{[ map { quoted($_) } @args ]}\n");
    print $to_bash "(cd $dir; . ./case) </dev/null >$dir/out 2>$dir/err; echo \$?\n";
    alarm 600;
    my $status = <$from_bash>;
    alarm 0;
    return $status << 8;
}

sub quoted { return "'" . $_[0] =~ s/'/'\\''/gr . "'" }

sub nothing_is_missing {
    my @sets = @_;
    my $is   = setup(machine(), \@sets);
    is($is->{exit}, 0, "exit (@sets)");
    is($is->{out}, "Nothing is missing.\n", 'one line');
    is($is->{err}, '', 'no error');
    is_deeply($is->{ran}, [], 'the package manager is left alone');
    return is_deeply($is->{left}, [], 'no files are left behind');
}

# What could depend on the shell.
sub shell_tests {
    subtest 'nothing is missing' => sub {
        nothing_is_missing();
        nothing_is_missing('core', 'checks', 'slides', 'database', 'grade', 'debian');
    };

    subtest 'everything is missing' => sub {
        my $is = setup(machine(lacks => [@core, @checks, @slides, @database, @grade, @debian]));
        is($is->{exit}, 0, 'exit');
        is_deeply($is->{ran}, ['apt-get update', "$apt $apt_core"], 'what is run');
        like($is->{out}, qr/^  \Q$_\E.*: ./m, "says why it needs $_")
            for 'a C compiler', 'pkg-config', 'libuv and its headers', 'prove', 'diff';
        my $shown = join "\n  ", 'To install it:', 'apt-get update', "env $apt $apt_core";
        like($is->{out}, qr/\n\Q$shown\E\n/, 'shows what it will run');
        like($is->{out}, qr/\nNothing is missing any more\.\n\z/, 'looks again');
    };

    subtest 'Ctrl-C' => sub {
        my $is = setup(machine(lacks => ['diff'], install => 'ctrl_c'));
        is($is->{exit}, 130, 'exit');
        unlike($is->{err}, qr/setup:/, 'no complaint');
        is_deeply($is->{left}, [], 'no files are left behind');
    };

    subtest 'a closed stdout' => sub {
        my $is = setup(machine(lacks => ['diff']), [], closed => 1);
        is($is->{exit}, 0, 'exit');
        is($is->{ran}[-1], "$apt diffutils", 'it works all the same');
        is($is->{err}, '', 'without complaints');
    };
}

subtest 'with its own sh' => \&shell_tests;
SKIP: {
    skip 'there is no bash here', 1 unless $which{bash};
    @shell = ($which{bash}, '--posix'); # as /bin/sh is on some systems
    subtest 'with bash' => \&shell_tests;
    @shell = ();
    open2($from_bash, $to_bash, $which{bash});
    print $to_bash ". $fakes/prelude\n";
}

subtest 'nothing is missing from each set' => sub {
    nothing_is_missing($_) for 'core', 'checks', 'slides', 'database', 'grade', 'debian';
};

subtest 'each need' => sub {
    my %packages = (
        'gcc libc6-dev'         => ['cc', 'gcc', 'gcc-address,undefined', 'gcc-thread'],
        'pkg-config libuv1-dev libcurl4-openssl-dev ca-certificates libmicrohttpd-dev libjansson-dev libpq-dev' =>
            ['pkg-config'], # only it would know of the others
        'libuv1-dev'            => ['libuv'],
        'libcurl4-openssl-dev ca-certificates' => ['libcurl'],
        'libmicrohttpd-dev'     => ['libmicrohttpd'],
        'libjansson-dev'        => ['jansson'],
        'perl'                  => ['prove', 'perl', @modules],
        'diffutils'             => ['diff'],
        'clang libclang-rt-dev' => ['clang', 'clang-address,undefined'],
        'valgrind libc6-dbg'    => ['valgrind', 'valgrind-libc'],
        'clang-format'          => ['clang-format'],
        'nodejs npm'            => ['node', 'node-18', 'npm'],
        'chromium fonts-dejavu' => ['chromium'],
        'poppler-utils'         => ['pdftotext'],
        'debootstrap'           => ['debootstrap'],
        'bubblewrap'            => ['bwrap'],
        'parallel'              => ['parallel'],
        'rsync'                 => ['rsync'],
        'libpq-dev'             => ['libpq'],
        # without headers neither compiler can build anything
        'gcc libc6-dev clang libclang-rt-dev' => ['stdio.h'],
    );
    for my $packages (sort keys %packages) {
        for my $thing (@{$packages{$packages}}) {
            my $is = setup(machine(lacks => [$thing], install => 'badly'),
                ['checks', 'slides', 'database', 'grade', 'debian']);
            is($is->{ran}[-1], "$apt $packages", "without $thing: $packages");
        }
    }
    my $is = setup(machine(lacks => [@checks, @slides, @database, @grade, @debian]));
    is($is->{exit}, 0, 'core does not need what only the others need');
};

subtest 'each package manager' => sub {
    my %core = (
        'apt-get' => "$apt $apt_core",
        dnf       => 'dnf install -y gcc glibc-devel pkgconf-pkg-config libuv-devel '
            . 'libcurl-devel libmicrohttpd-devel jansson-devel perl diffutils',
        pacman    => 'pacman -S --needed --noconfirm gcc pkgconf libuv curl libmicrohttpd '
            . 'jansson perl diffutils',
        apk       => 'apk add gcc musl-dev pkgconf libuv-dev curl-dev libmicrohttpd-dev '
            . 'jansson-dev perl perl-utils diffutils',
        brew      => 'brew install pkgconf libuv curl libmicrohttpd jansson perl diffutils',
    );
    my %checks = (
        'apt-get' => 'clang libclang-rt-dev valgrind libc6-dbg patch clang-format',
        dnf       => 'clang compiler-rt libasan libubsan libtsan valgrind '
            . 'patch clang-tools-extra',
        pacman    => 'clang valgrind patch',
        apk       => 'clang compiler-rt valgrind musl-dbg patch clang-extra-tools',
        brew      => 'gpatch clang-format',
    );
    my %slides = (
        'apt-get' => 'nodejs npm chromium fonts-dejavu poppler-utils',
        dnf       => 'nodejs npm chromium dejavu-sans-fonts poppler-utils',
        pacman    => 'nodejs npm chromium poppler',
        apk       => 'nodejs npm chromium font-dejavu poppler-utils',
        brew      => 'node chromium poppler',
    );
    my %database = (
        dnf    => 'libpq-devel postgresql-server',
        pacman => 'postgresql-libs postgresql',
        apk    => 'libpq-dev postgresql',
        brew   => 'libpq postgresql',
    );
    for my $manager (@managers) {
        my @all = (lacks => [@core, @checks, @slides, @database, @grade, @debian], managers => [$manager]);
        my $is  = setup(machine(@all), ['checks']);
        is($is->{ran}[-1], "$core{$manager} $checks{$manager}", "$manager: what is run");
        like($is->{out}, qr/^  (env )?\Q$is->{ran}[-1]\E$/m, "$manager: what is shown");
        is($is->{exit}, 0, "$manager: exit");

        $is = setup(machine(@all), ['slides']);
        is($is->{ran}[-1], "$core{$manager} $slides{$manager}", "$manager: for the slides");

        $is = setup(machine(@all), ['database']);
        is($is->{ran}[-1], "$core{$manager} $database{$manager}", "$manager: for the database")
            if $database{$manager};

        $is = setup(machine(@all), ['grade']);
        is($is->{ran}[-1], "$core{$manager} " . ($manager eq 'brew' ? '' : 'bubblewrap ') . 'parallel rsync', "$manager: to grade a class");

        $is = setup(machine(@all), ['debian']);
        is($is->{ran}[-1], "$core{$manager}" . ($manager eq 'brew' ? '' : ' debootstrap'), "$manager: for another Debian");

        $is = setup(machine(@all, install => 'badly'));
        is($is->{ran}[-1], $core{$manager}, "$manager: core only");
        is($is->{exit}, 1, "$manager fails: exit");
        like($is->{err}, qr/\AE: no such package\nsetup: $manager failed.*\n\z/,
            "$manager fails: its own words, then a sentence");
    }
};

# Debian's package would make a database, and start it at every boot.
subtest "a database of the course's own, no permanent one" => sub {
    my @lacks = (lacks => ['libpq', 'postgres']);
    my @runs = ("install -D -m 644 common/servers/no-cluster.conf $no_cluster",
        "$apt libpq-dev postgresql", "rm -f $no_cluster");
    my $is = setup(machine(@lacks), ['database']);
    is_deeply($is->{ran}, ['apt-get update', @runs], 'what is run');
    like($is->{out}, qr/^  \Q$runs[0]\E\n  env \Q$runs[1]\E\n  \Q$runs[2]\E$/m, 'and shown');
    is($is->{exit}, 0, 'exit');

    $is = setup(machine(@lacks, install => 'badly'), ['database']);
    is($is->{ran}[-1], $runs[2], 'the file is gone, too, when the installation fails');
    is($is->{exit}, 1, 'which is said');

    $is = setup(machine(lacks => ['libpq']), ['database']);
    is_deeply($is->{ran}, ['apt-get update', "$apt libpq-dev"], 'with PostgreSQL there: nothing of it');
};

subtest 'any Chromium will do' => sub {
    my $is = setup(machine(lacks => ['chromium'], also => ['google-chrome']), ['slides']);
    is($is->{out}, "Nothing is missing.\n", 'google-chrome');
    $is = setup(machine(lacks => ['chromium']), ['slides'], env => {CHROMIUM => "$fakes/node"});
    is($is->{out}, "Nothing is missing.\n", 'what CHROMIUM names');
    $is = setup(machine(lacks => ['debootstrap']), ['debian'], env => {DEBOOTSTRAP => "$fakes/node"});
    is($is->{out}, "Nothing is missing.\n", "debootstrap where only root's commands are");
};

subtest 'lists of packages that are out of date' => sub {
    my @old = (lacks => ['diff'], lists => 1);
    my $is  = setup(machine(@old, managers => ['pacman']));
    is_deeply($is->{ran}, ['pacman -Syu --needed --noconfirm diffutils'],
        'pacman: never -Sy alone');
    $is = setup(machine(@old));
    is($is->{exit}, 0, 'apt-get: an update that fails is not the end');
};

subtest 'macOS' => sub {
    my @mac = (managers => ['brew', 'apt-get'], uid => 501);
    for my $also (['sudo', 'xcode-select', 'xcode'], []) {
        my $is = setup(machine(@mac, os => 'Darwin', lacks => ['libuv'], also => $also));
        is_deeply($is->{ran}, ['brew install libuv'], "brew comes first (has: @$also)");
        is($is->{exit}, 0, 'exit');
    }

    my $is = setup(machine(@mac, os => 'Darwin', also => ['xcode-select']));
    is($is->{exit}, 1, 'a compiler that is only a stub is not called');
    like($is->{out}, qr/C compiler.*, but this does: xcode-select --install\)/,
        'what to do is said');
    is_deeply($is->{ran}, [], 'but not done');

    $is = setup(machine(@mac, lacks => ['diff'], also => ['sudo']));
    is($is->{ran}[-1], "$apt diffutils", 'elsewhere brew comes last');
};

subtest 'what the package manager does not have' => sub {
    my @alpine = (managers => ['apk'], install => 'nothing');
    my $is = setup(machine(@alpine, lacks => ['gcc-thread', 'clang-format']), ['checks']);
    is_deeply($is->{ran}, ['apk add clang-extra-tools'], 'the rest is installed');
    like($is->{out}, qr/^  gcc and .*apk does not have it\)$/m, 'it is said');
    is($is->{exit}, 1, 'exit');

    $is = setup(machine(@alpine, lacks => ['gcc-thread']), ['checks']);
    is_deeply($is->{ran}, [], 'no rest, no command');
    like($is->{err}, qr/^setup: apk cannot install it$/, 'but a sentence');
    is($is->{exit}, 1, 'exit');
};

subtest 'CC' => sub {
    my $is = setup(machine(lacks => ['clang']), [], env => {CC => 'clang -m64'});
    like($is->{out}, qr/^  clang -m64, which CC names/m, 'clang is named');
    is($is->{ran}[-1], "$apt clang", 'and installed');
    my %clang = (dnf => 'clang', pacman => 'clang', apk => 'clang gcc musl-dev');
    for my $manager (sort keys %clang) {
        my @lacks = (lacks => ['clang'], managers => [$manager]);
        $is = setup(machine(@lacks), [], env => {CC => 'clang'});
        like($is->{ran}[-1], qr/ $clang{$manager}$/, "by $manager");
    }
    $is = setup(machine(lacks => ['clang'], managers => ['brew']), [], env => {CC => 'clang'});
    like($is->{out}, qr/^  clang, which .*brew does not .*: xcode-select --install/m, 'or not');
    $is = setup(machine(lacks => ['clang']), ['checks'], env => {CC => 'clang'});
    is($is->{ran}[-1], "$apt clang libclang-rt-dev", 'once, when it is needed twice');
    $is = setup(machine(lacks => ['cc']), [], env => {CC => 'gcc'});
    is($is->{out}, "Nothing is missing.\n", 'CC=gcc does not ask for cc');
    $is = setup(machine(lacks => ['gcc']), [], env => {CC => 'gcc'});
    is($is->{ran}[-1], "$apt gcc libc6-dev", 'but for gcc');
    $is = setup(machine(), [], env => {CC => 'clang-99'});
    like($is->{out}, qr/^  clang-99, which CC names/m, 'one that we know no package of');
    is($is->{exit}, 1, 'exit');
    $is = setup(machine(also => ['clang-99']), [], env => {CC => 'clang-99'});
    is($is->{exit}, 0, 'unless it is there');
};

subtest 'not root' => sub {
    for my $manager (grep { $_ ne 'brew' } @managers) {
        my @user = (lacks => ['diff'], managers => [$manager], uid => 1000);
        my $is   = setup(machine(@user, also => ['sudo']));
        my $run  = $is->{ran}[-1];
        my $sudo = $run =~ /^DEBIAN/ ? "sudo env $run" : "sudo $run";
        is($is->{ran}[-2], $sudo, "$manager: through sudo");
        like($is->{out}, qr/^  \Q$sudo\E$/m, "$manager: sudo is shown");
        my @sudos = grep { /^sudo/ } @{$is->{ran}};
        is(@sudos * 2, @{$is->{ran}}, "$manager: each command through sudo");

        $is = setup(machine(@user));
        is_deeply($is->{ran}, [], "$manager: nothing is run without sudo");
        like($is->{out}, qr/administrator.*\n(?:  .*\n)?  (?:env )?\Q$run\E$/m,
            "$manager: but shown");
        is($is->{err}, "setup: you are not root, and there is no sudo\n", "$manager: says so");
        is($is->{exit}, 1, "$manager: exit");
    }
};

subtest 'an unknown package manager' => sub {
    my $is = setup(machine(lacks => ['libuv'], managers => [], uid => 1000));
    is($is->{exit}, 1, 'exit');
    like($is->{out}, qr/^  libuv and its headers: /m, 'the list of what is needed');
    like($is->{err}, qr/^setup: no apt-get, .* or brew here: .*$/, 'one sentence');
    $is = setup(machine(managers => []));
    is($is->{exit}, 0, 'where nothing is missing it does not matter');
};

subtest 'an installation that does not help' => sub {
    my $is = setup(machine(lacks => ['libuv', 'diff'], install => 'nothing'));
    is($is->{exit}, 1, 'exit');
    like($is->{out}, qr/^Still missing:\n  libuv .*\n  diff.*\n\z/m, 'says what is');
    like($is->{err}, qr/^setup: .*not all is here$/, 'a sentence');
};

subtest 'unknown arguments' => sub {
    for my $args (['chekcs'], ['checks', '--help'], [''], ['*']) {
        my $is = setup(machine(lacks => ['diff']), $args);
        is($is->{exit}, 2, "exit (@$args)");
        like($is->{err}, qr/^setup: there is no set '\Q$args->[-1]\E'; usage: .*debian\)$/,
            'says so');
        is_deeply([$is->{out}, $is->{ran}], ['', []], 'nothing else');
    }
};

subtest 'on a terminal' => sub {
    my $kind = $which{script} ? `$which{script} --version 2>&1` : '';
    plan skip_all => "needs util-linux's script" unless $kind =~ /util-linux/;
    my %typed = (Enter => "\n", y => "y\n", n => "n\n", 'Ctrl-D' => '');
    for my $key (sort keys %typed) {
        my $is  = setup(machine(lacks => ['diff']), [], typed => $typed{$key});
        my $yes = $key =~ /Enter|y/;
        like($is->{out}, qr/diffutils\r\nInstall\? \[Y\/n\] /, "$key: is asked, last");
        is(scalar(@{$is->{ran}}), $yes ? 2 : 0, "$key: what is run");
        is($is->{exit}, $yes ? 0 : 1, "$key: exit");
    }
};

done_testing;
