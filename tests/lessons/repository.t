#!/usr/bin/env perl
# repository.t - the repository itself: that each lesson has all its parts, that
# its texts name only what is there, and that its programs keep the house's rules.

use strict;
use warnings;

use lib 'tests';
use Course;
use File::Basename qw(dirname basename);
use JSON::PP ();
use Test::More;

my @lessons = lessons();

# Words that `needs` may hold: those that common/commands/needs knows itself, and the
# packages of the libraries that the course has settled for.
my @known_needs = qw(threads alone openmp site postgres directory valgrind
    libcurl jansson libpq libmicrohttpd);

# A lesson's sections, in this order; there may be more.
my @sections = ('Before you run it', 'What happens', 'What goes wrong in practice',
    'If you come from Python', 'Exercise', 'Further reading', 'Sources');

# --- what is in a lesson ---

sub number_of { return basename($_[0]) =~ /^(\d+)/ ? $1 : '' }

# lessons/03-sleep-loop: sleep_loop
sub slug_of { return basename($_[0]) =~ s/^\d+-//r =~ tr/-/_/r }

sub files_in { return map { basename($_) } grep { m{/exercise\.c$} || !is_students_own($_) } sort glob "$_[0]/*" }

# The exercise, and what a student keeps beside it: a copy, a header, names that make can't hold.
sub is_students_own { return $_[0] =~ m{^lessons/[^/]+/(?:exercise[^/]*\.(?:[ch]|mine)|.*[^A-Za-z0-9_@./-].*)$} }

# The sources of a lesson's programs.
sub sources_of { return grep { !is_students_own($_) } sort glob "$_[0]/*.c" }

sub fold { return $_[0] =~ s/\s+/ /gr =~ s/^ | $//gr }

# C code without its comments and what its strings say.
sub bare_code {
    my ($code) = @_;
    $code =~ s{("(?:\\.|[^"\\])*")|('(?:\\.|[^'\\])*')|/\*.*?\*/|//[^\n]*}
              {defined $1 ? '""' : defined $2 ? "' '" : ' '}gse;
    return $code;
}

# --- what is in a text ---

# The lines of its code blocks, indented or fenced: [line number, line].
sub code_lines {
    my ($text) = @_;
    my ($number, $margin, $fenced, $after_blank, $in_code, @code) = (0, 4, 0, 1, 0);
    for my $line (split /\n/, $text) {
        $number++;
        my $indent = length $line =~ s/\S.*//r;
        if ($line =~ /^\s*(?:```|~~~)/) {
            $fenced = !$fenced;
        } elsif ($fenced) {
            push @code, [$number, $line];
        } elsif ($line !~ /\S/) {
            $after_blank = 1;
        } elsif ($indent >= $margin && ($after_blank || $in_code)) {
            push @code, [$number, $line];
            ($in_code, $after_blank) = (1, 0);
        } else {
            # Within an item of a list, code stands deeper by what the item does.
            if ($line =~ /^(\s*(?:[-*+]|\d+[.)])\s+)/) { $margin = 4 + length $1 }
            elsif ($indent == 0 && $after_blank)       { $margin = 4 }
            ($in_code, $after_blank) = (0, 0);
        }
    }
    return @code;
}

# A text with neither code blocks nor `code`.
sub prose {
    my ($text) = @_;
    my %is_code = map { $_->[0] => 1 } code_lines($text);
    my $number  = 0;
    $text = join "\n", map { $is_code{ ++$number } ? '' : $_ } split /\n/, $text;
    return $text =~ s/`[^`]*`/code/gr;
}

# What it tells the reader to make: the words after `make`, of each place.
sub make_commands {
    my ($text) = @_;
    my @in_blocks = map { $_->[1] =~ /^\s*(?:\$ )?(?:\w+=\S+ )*make\b(.*)/ ? $1 : () }
        code_lines($text);
    my @in_spans = $text =~ /`(?:\w+=\S+\s+)*make\b([^`]*)`/g;
    return map {s/(?:\s#|&&|[;|]).*//sr} @in_blocks, @in_spans;
}

# What stands in quotes is an argument.
sub goals { return grep { !/^-|=/ } map { split ' ', s/'[^']*'//gr } @_ }

sub texts { return grep {/\.md$/} tracked_files() }

# --- the tests ---

subtest 'lessons are numbered 01, 02, ... and named' => sub {
    my @names = map { basename($_) } @lessons;
    cmp_ok(scalar @names, '>', 0, 'there are lessons');
    no_complaints('each is NN-slug', grep { !/^\d\d-[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/ } @names);
    is(join(' ', map { number_of($_) } @names),
        join(' ', map { sprintf '%02d', $_ } 1 .. @names), 'no number is missing or double');
    no_complaints('nothing but lessons lies in lessons/', grep { !-d && $_ ne 'lessons/README.md' } glob 'lessons/*');
};

subtest 'each lesson has its parts, and nothing else' => sub {
    for my $lesson (@lessons) {
        my $slug   = slug_of($lesson);
        my $name   = qr/\Q$slug\E_(?:sync|async)(?:_[a-z0-9_]+)?/;
        my @files  = files_in($lesson);
        my %exists = map { $_ => 1 } @files;
        no_complaints(
            "$lesson has what each lesson has",
            grep { !$exists{$_} } 'README.md', 'about', "${slug}_sync.c", "${slug}_async.c"
        );
        no_complaints(
            "$lesson has nothing unknown",
            grep {
                !/^(?:README\.md|about|(?:timeline|moving)\.svg|exercise(?:\.c|\.hints|\.rules|(?:@[^@]+)*\.out)|
                    \Q$slug\E\.h|$name\.c|$name(?:@[^@]+)?\.out)$/x
            } @files
        );

        my %recorded = map { /^([^@]+)(?:@.*)?\.out$/ ? ($1 => 1) : () } @files;
        my %written  = map { /^(.+)\.c$/              ? ($1 => 1) : () } @files;
        delete @$_{'exercise'} for \%recorded, \%written;
        no_complaints(
            "$lesson: every program has its .out, every .out its program",
            (map {"$_.c has no .out"} grep { !$recorded{$_} } sort keys %written),
            (map {"$_.out has no .c"} grep { !$written{$_} } sort keys %recorded)
        );
    }
};

subtest 'about says what tools must know' => sub {
    my %form = (
        part    => qr/^[1-9] [A-Z]\S*(?: \S+)*$/,
        goal    => qr/^[a-z].{20,90}[^.]$/, # "You can ..."
        minutes => qr/^[1-9]\d? \+ [1-9]\d?$/,
        tracks  => qr/^(?:half-day, )?one-day$/, # who has half a day does what all do
        pair    => qr/^(?:lines|checksum|different)$/,
        needs   => qr/^\S+(?: \S+)*$/,
        # What the pictures need, as lessons/README.md tells; timelines.t looks whom it names.
        (map { $_ => qr/^\S[^,]*(?:, \S[^,]*)*$/ } qw(busy waits starts program pauses threads turns undrawn)),
        takes => qr/^\S[^,]* \d+\.\d+(?:, \S[^,]* \d+\.\d+)*$/,
        works => qr/^\S+ \d+\.\d+ \S[^,]*$/,
        order => qr/^shown$/,
    );
    my %known = map { $_ => 1 } @known_needs;
    my ($last_part, %name_of_part) = (0);
    for my $lesson (@lessons) {
        my @said      = about_of($lesson);
        my %about     = @said;
        my @complaints = map {"no '$_'"} grep { !defined $about{$_} } qw(part goal minutes pair);
        push @complaints, 'a key is given twice' if @said != 2 * keys %about;
        for my $key (sort keys %about) {
            my $value = $about{$key} // '';
            if (!$form{$key}) { push @complaints, "unknown: '$key'" }
            elsif ($value !~ $form{$key}) { push @complaints, "$key can't be '$value'" }
        }
        push @complaints, map {"needs an unknown '$_'"} grep { !$known{$_} } split ' ',
            $about{needs} // '';
        my $outputs = join '', map { read_file($_) } glob "$lesson/*.out";
        push @complaints, map {"busy, but never heard of: '$_'"}
            grep { $outputs !~ /^\[[^\]]*\] \Q$_\E: /m } split /, /, $about{busy} // '';
        if (my ($part, $name) = ($about{part} // '') =~ /^(\d+) (.*)/) {
            push @complaints, "part $part after part $last_part" if $part < $last_part;
            push @complaints, "part $part is called '$name' and '$name_of_part{$part}'"
                if ($name_of_part{$part} //= $name) ne $name;
            $last_part = $part;
        }
        no_complaints($lesson, @complaints);
    }
};

# The story that a recording tells, without its times. A measurement (~) is the
# machine's, and what goes to stderr is no part of the story either.
sub story {
    my ($out) = @_;
    return map { /^\[[^\]]{5}\] (.*)$/ ? $1 : () } split /\n/, read_file($out);
}

subtest 'the two programs of a pair do the same work' => sub {
    for my $lesson (@lessons) {
        my %about = about_of($lesson);
        my $pair  = $about{pair} // '';
        my $slug  = slug_of($lesson);
        my ($sync, @others) = grep { -e } map { glob "$lesson/${slug}_$_" } 'sync.out', 'async.out',
            'sync@*.out', 'async@*.out';
        if ($pair eq 'different') {
            ok(read_file("$lesson/README.md") =~ /\bdiffer/,
                "$lesson: README says in what they differ, and why");
            next;
        }
        cmp_ok(scalar(grep {/_async/} @others), '>', 0, "$lesson: both are recorded");
        for my $other (@others) {
            my ($one, $two) = map {
                [sort grep { $pair eq 'lines' || /^checksum: \S/ } story($_)]
            } $sync, $other;
            is_deeply($two, $one, "$other: the same $pair as $sync");
            cmp_ok(scalar @$two, '>', 0, "$other has $pair to compare");
        }
    }
};

sub ideas { my ($text) = @_; return $text =~ /(?<=\n\n)\*\*([^*]+)\*\*(?=\n\n)/g }

subtest 'the READMEs of the lessons have one shape' => sub {
    for my $lesson (@lessons) {
        my $text   = read_file("$lesson/README.md");
        my @lines  = split /\n/, $text;
        my $number = number_of($lesson);
        my @complaints;
        my ($titled, $title) = ($lines[0] // '') =~ /^# (\d\d) (\S.*)$/;
        if (!defined $title) {
            push @complaints, 'the first line is not "# NN Name"';
        } elsif ("$titled-" . lc($title =~ s/\W+/-/gr) ne basename($lesson)) {
            push @complaints, "'$titled $title' is not what the directory is called";
        }

        my @headings = map { /^## (.*)$/ ? $1 : () } @lines;
        my %wanted   = map { $_ => 1 } @sections;
        my @found    = grep { $wanted{$_} } @headings;
        push @complaints, "of the sections, in their order, there are only: @found"
            if "@found" ne "@sections";
        my %section = $text =~ /^## ([^\n]*)\n(.*?)(?=^## |\z)/gms;
        push @complaints, 'nothing to predict and open: <details><summary>...</details>'
            if ($section{ $sections[0] } // '') !~ m{<details>\s*<summary>.*</details>}s;
        push @complaints, 'the idea, a bold sentence by itself, is not once in the text, in "What happens"'
            if (() = ideas($text)) != 1 || (() = ideas($section{ $sections[1] } // '')) != 1;
        push @complaints, "does not say: make lesson-$number"
            if $text !~ /^    make lesson-\Q$number\E$/m;
        push @complaints, "the exercise does not say: make exercise-$number"
            if ($section{Exercise} // '') !~ /^    make exercise-\Q$number\E$/m;
        no_complaints($lesson, @complaints);
    }
};

# Whether a line of a code block is something to type rather than something to
# read; `$missing` gets the program that it names, if there is no such source.
sub is_command {
    my ($line, $missing) = @_;
    $line =~ s{^\s*(?:\$ )?(?:\w+=\S* )*}{};
    my ($word) = $line =~ s{^build/common/with-\w+ (?:sh -c ')?(?=\S)}{}r =~ /^(\S+)/; # in its surroundings
    return 1 if $word =~ /^(?:make|diff|git|valgrind|strace|curl|nc|kill|cc|gcc|clang)$/;
    return 1 if $word =~ m{^common/} && -x $word;
    return 0 if $word !~ m{^build/(lessons/\S+)};
    push @$missing, "$1.c" if !-e "$1.c";
    return 1;
}

sub solution_of { return 'tests/solutions/' . basename($_[0]) . '/exercise.c' }

# What a lesson's solution prints, which the README may ask for, as patterns; of
# "%s" alone nothing would be known.
sub lines_of_solution {
    my ($lesson) = @_;
    my $code = read_file(solution_of($lesson));
    return map { my $line = quotemeta; $line =~ s/\\%[\\\w.*-]*?[a-z]/.+/gr }
        grep {/[a-z]{3}/} $code =~ /\bsay\("([^"]*)"/g;
}

# What goes wrong in practice is a run, or says why it is none.
subtest 'every claim of what goes wrong is a run' => sub {
    for my $lesson (@lessons) {
        my $claims = 'tests/claims/' . basename($lesson);
        my $whole  = read_file("$lesson/README.md");
        my ($text) = $whole =~ /^## What goes wrong in practice\n(.*?)^## /ms;
        my @items  = split /^(?=- \*\*)/m, $text // '';
        shift @items;
        my @named = map { split /, / } $whole =~ /<!-- claim: (.*?) -->/gs;
        no_complaints($lesson,
            (map {"claims neither a run nor that it can't be run: $_"}
                grep { !/<!-- (?:claim|not run): [^>]+ -->/ } @items),
            (map {"there is no $claims/$_.out"} grep { !-e "$claims/$_.out" } @named),
            (map {"$claims/$_.out is of no claim"} grep { my $out = $_; !grep { $_ eq $out } @named }
                map { basename($_, '.out') } glob "$claims/*.out"),
            (map {"$_ has no recording: tests/run-claim --record"}
                grep { !-e s/\.(?:diff|py)$/.out/r } glob "$claims/*.diff $claims/*.py"));
    }
};

subtest 'the code that a README quotes is code of its lesson' => sub {
    for my $lesson (@lessons) {
        my %is_there = map { fold($_) => 1, fold(s/^! //r) => 1 }
            map { split /\n/, read_file($_) } glob "$lesson/*.{c,h,out} common/*.{c,h}";
        my @asked_for = lines_of_solution($lesson);
        my (@complaints, @missing);
        my $text = read_file("$lesson/README.md");
        # Without a solution nobody knows what a line that is asked for looks like.
        $text =~ s/^## Exercise\n\K.*?(?=^## |\z)/"\n" x ($& =~ tr{\n}{})/mse
            if !-e solution_of($lesson);
        for my $line (code_lines($text)) {
            my ($number, $quoted) = ($line->[0], fold($line->[1]));
            next if $is_there{$quoted} || grep { $quoted =~ /^$_$/ } @asked_for;
            push @complaints, "line $number: $quoted" if !is_command($quoted, \@missing);
        }
        no_complaints("$lesson/README.md",
            @complaints, map {"starts a program that isn't there: $_"} @missing);
    }
};

# The index of functions, in lessons/README.md: what a lesson's programs call, and the lesson
# that explains it (it calls it, or tells of it).
subtest 'the index names each function that the lessons call' => sub {
    my ($index) = read_file('lessons/README.md') =~ /^## Functions\n(.*?)^## /ms;
    my %told = map { my ($names, $of) = /^\| \[(.*?)\]\(http.*\((\S+)\/README/ ? ($1, $2) : (''); map { $_ => $of } $names =~ /`(\w+)`/g }
        split /\n/, $index // '';
    cmp_ok(scalar keys %told, '>', 20, 'there is an index');
    my (%called, %missing);
    for my $lesson (@lessons) {
        my $code = join "\n", map { bare_code(read_file($_)) } grep { !m{/exercise} } glob "$lesson/*.[ch]";
        $called{ basename($lesson) }{$_}++ for $code =~ /\b((?:uv|curl|json)_\w+|PQ\w+)\s*\(/g;
        $missing{$_} //= number_of($lesson) for grep { !$told{$_} } keys %{ $called{ basename($lesson) } };
    }
    no_complaints('all are in it', map {"lesson $missing{$_} calls $_"} sort keys %missing);
    no_complaints('the lesson calls it, or tells of it',
        grep { !$called{ $told{$_} }{$_} && read_file("lessons/$told{$_}/README.md") !~ /\b\Q$_\E\b/ } sort keys %told);
};

# What make can be asked for: names, and patterns like lesson-%. Its list of rules
# has an entry for each; one without prerequisites or a recipe is only a name.
sub rules_of_make {
    my $database = run([make_command(), '-rpn', 'help'])->{out};
    my ($rules) = $database =~ /^# Implicit Rules\n(.*)/ms or return;
    return map { /^([\w.%-]+):(?=[^\n]*\w|.*to execute)/ms ? $1 : () }
        grep { !/^# Not a target:/ } split /\n\n+/, $rules;
}

subtest 'every make command that a text names exists' => sub {
    my %rules    = map { $_ => 1 } rules_of_make();
    my @patterns = map {qr/^\Q$_\E(\w+)$/} map { /^([a-z]+-)%$/ ? $1 : () } keys %rules;
    my %number   = map { number_of($_) => 1 } @lessons;
    ok($rules{help} && @patterns, 'make tells what it can be asked for');

    my $exists = sub {
        my ($goal) = @_;
        return 1 if $rules{$goal};
        # A lesson's number; NN stands for any.
        for (@patterns) {
            return $number{$1} || $1 eq 'NN' if $goal =~ $_;
        }

        # `make setup` has its rules only when it is asked for. With -n nothing is
        # done; a goal of which make knows nothing is an error.
        return $goal =~ /^setup/ && run([make_command(), '-n', $goal])->{status} == 0;
    };
    ok($exists->('lesson-01') && $exists->('setup'), 'what exists is found');
    ok(!$exists->('lesson-99') && !$exists->('setup-pasta') && !$exists->('pasta'),
        'what does not exist is not');

    # In the help each line starts with its command.
    my $help = run([make_command(), 'help'])->{out};
    my @named = map { /^make +(\S+)  / ? $1 : () } split /\n/, $help;
    cmp_ok(scalar @named, '>', 5, 'make help names commands');
    no_complaints('make help', grep { !$exists->($_) } @named);
    no_complaints($_, grep { !$exists->($_) } goals(make_commands(read_file($_)))) for texts();
};

subtest 'links lead to files that are there' => sub {
    for my $text (texts()) {
        my $prose = prose(read_file($text));
        my @links = ($prose =~ /\]\(<?([^)\s>]+)/g, $prose =~ /^\s*\[[^\]]+\]:\s*(\S+)/gm);
        my @local = grep { !/^(?:[a-z]+:|#)/ } @links;
        no_complaints($text, grep { !-e dirname($text) . '/' . s/#.*//r } @local);
    }
};

subtest 'programs keep the rules of the house' => sub {
    my $no_handle = qr/^uv_(?:mutex|rwlock|sem|cond|barrier|buf)_init/;
    for my $source (map { sources_of($_) } @lessons) {
        my $text = read_file($source);
        my $code = bare_code($text);
        my $name = basename($source);
        my @complaints;

        my ($first_comment) = $text =~ m{\A(/\*.*?\*/)}s;
        $first_comment //= '';
        push @complaints, "does not start with a comment: /* $name - what it is"
            if $first_comment !~ m{^/\* \Q$name\E - \S};
        push @complaints, 'its first comment does not say what "You will see"'
            if fold($first_comment =~ s/^ \*//gmr) !~ /You will see/;

        # Its lines are stamped, whole and compared only when say() prints them,
        # and with NDEBUG an assert() would take its work away with it.
        push @complaints, "uses $1"
            while $code =~ /\b(printf|vprintf|puts|putchar|stdout|assert)\b/g;

        my $has_loop = $code =~ /\buv_default_loop\b/
            || grep { !/$no_handle/ } $code =~ /\b(uv_\w+_init)\w*\b/g;
        my @mains = $code =~ /^int main\(.*?\)\n\{(.*?)^\}/gms;
        push @complaints, 'has no main' if !@mains;
        push @complaints, 'main does not call run_and_close()'
            if $has_loop && $name !~ /_wrong\.c$/ && grep { !/\brun_and_close\(\)/ } @mains;
        no_complaints($source, @complaints);
    }

    # What the programs of a lesson share is one header, with all of it in it.
    for my $header (map { glob "$_/*.h" } @lessons) {
        my $text = read_file($header);
        my $code = bare_code($text);
        my $name = basename($header);
        my @complaints;
        push @complaints, "does not start with a comment: /* $name - what it is"
            if $text !~ m{\A/\* \Q$name\E - \S};
        push @complaints, "uses $1" while $code =~ /\b(printf|vprintf|puts|putchar|stdout|assert)\b/g;
        push @complaints, "is not static: $1" while $code =~ /^(?!static\b)(\w[^\n;]*\([^;{]*\))\s*\{/mg;
        push @complaints, map {"$_ does not include it"}
            grep { read_file($_) !~ /^#include "\Q$name\E"$/m } sources_of(dirname($header));
        no_complaints($header, @complaints);
    }
};

subtest 'the tests can be run' => sub {
    for my $test (sort glob 'tests/*/*.t') {
        ok(-x $test, "$test is executable");
        ok(read_file($test) =~ /\A#!/, "$test says with what it is run");
    }
};

subtest 'the code is laid out by clang-format' => sub {
    return lacking('clang-format is not installed') if !tool('clang-format');
    my @files = grep { /\.[ch]$/ && !is_students_own($_) } tracked_files();
    my $ran = run(['clang-format', '--dry-run', '-Werror', '--style=file', @files]);
    is($ran->{status}, 0, scalar(@files) . ' files') || diag($ran->{err});
};

subtest 'compile_flags.txt tells editors what the Makefile tells the compiler' => sub {
    my (undef, @flags) = compiler_of_the_course(CC => 'cc', CFLAGS => '', SANITIZE => '');
    is(read_file('compile_flags.txt'), join('', map {"$_\n"} @flags), 'the same options');
};

# A path in somebody's home works nowhere else. (Written so that it isn't one.)
subtest 'nothing is left of a merge or a build' => sub {
    no_complaints('in what git has', grep {/\.(?:orig|rej|mine|o|d|swp)$|~$/} tracked_files());
};

subtest 'no file names a path of one machine' => sub {
    my $machine = qr{(?<![\w.)\}\$-])(/(?:work|root|home|Users)/?(?![\w-])|/(?:home|Users)/\w+)};
    my @complaints;
    for my $file (grep { !is_students_own($_) && -T } tracked_files()) {
        my $text = read_file($file);
        push @complaints, "$file: $1" while $text =~ /$machine/g;
    }
    no_complaints('all files', @complaints);
};

subtest 'lines end in the same way everywhere' => sub {
    plan(skip_all => 'this is no repository of git') if !-e '.git' || !tool('git');
    my $ran = run([qw(git ls-files --eol)]);
    plan(skip_all => "git: $ran->{err}") if $ran->{status} != 0;
    no_complaints('in the repository, and in a checkout',
        grep { !m{^i/(?:lf|none|-text) .*attr/text=auto eol=lf} } split /\n/, $ran->{out});
};

subtest 'README.md lists the lessons' => sub {
    my $text  = read_file('README.md');
    my @lines = grep {m{^\s*(?:\||[-*]|\d+\.).*\]\(lessons/\d\d-}} split /\n/, $text;
    is(join("\n", map {m{\]\((lessons/[^/)]+)}} @lines),
        join("\n", @lessons), 'each lesson has its line, in order, with a link');
    for my $lesson (@lessons) {
        my ($line)  = grep {m{\]\(\Q$lesson\E[/)]}} @lines;
        my ($title) = read_file("$lesson/README.md") =~ /\A# \d+ (.*)/;
        my %about   = about_of($lesson);
        $title //= 'a title';
        my ($idea) = map { tr/\n/ /r } ideas(read_file("$lesson/README.md")), 'an idea';
        like($line // '', qr/ \Q$idea\E \|$/, "$lesson: its idea");
        like($line // '', qr/(?<!\w)\Q$title\E(?!\w)/, "$lesson: its title");
        like($line // '', qr/(?<!\d)\Q$about{minutes}\E(?!\d)/, "$lesson: its minutes");
    }
};

# Each command is explained in one of the tables of the rooms, and in `make help`.
subtest 'the commands of the READMEs are those of make help' => sub {
    my %helped  = map { $_ => 1 } run([make_command(), 'help'])->{out} =~ /^make ([\w-]+)/gm;
    my %written = map { $_ => 1 } map {
        map { /`make ([\w-]+)`/g } grep {/^\| `make/} split /\n/, read_file($_)
    } map {"${_}README.md"} '', 'lessons/', 'slides/', 'tests/';
    is(join(' ', sort keys %written), join(' ', sort keys %helped), 'the same');
};

subtest 'the container for editors is made by make setup' => sub {
    my $container = eval { JSON::PP::decode_json(read_file('.devcontainer/devcontainer.json')) } // {};
    like($container->{image} // '', qr/^debian:[a-z]+$/, 'on a system that we test on');
    my ($goals) = ($container->{onCreateCommand} // '') =~ /&& make ([^&]+)$/;
    is(run([make_command(), '-n', split ' ', $goals // 'nothing'])->{status}, 0, 'by goals that there are');
};

done_testing();
