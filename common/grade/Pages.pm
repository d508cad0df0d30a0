# Pages.pm - the results of a class as pages: one table, and for each student what was said.
# They need no script, and open from the disk.

package Pages;

use strict;
use warnings;

use Encode qw(decode encode FB_PERLQQ);
use Exporter 'import';

our @EXPORT_OK = qw(page_name table_page student_page readable);

my $style = <<'CSS';
body { font: 16px/1.4 system-ui, sans-serif; color: #1a1a1a; background: #fff; margin: 2rem; }
a { color: #0b4f8a; }
table { border-collapse: collapse; }
caption { text-align: left; padding: 0 0 .5rem; }
th, td { border: 1px solid #767676; padding: .3rem .5rem; text-align: left; vertical-align: top; max-width: 14rem; overflow-wrap: anywhere; }
thead th, tfoot th, tfoot td { background: #eee; }
td.passed { background: #e2f3e2; }
td.failed { background: #fde8e6; }
small { display: block; }
pre { background: #f4f4f4; padding: .7rem; overflow-x: auto; white-space: pre-wrap; }
CSS

# Bytes of somebody's as UTF-8 without control characters.
sub readable {
    my ($bytes) = @_;
    return decode('UTF-8', "$bytes", FB_PERLQQ) =~ s/([^\P{Cc}\n])/sprintf '\\x%02x', ord $1/ger;
}

sub html {
    my ($text) = @_;
    return readable($text // '') =~ s/([&<>"'])/sprintf '&#%d;', ord $1/ger;
}

# Of a student's page: letters, digits, and _3d for what is neither.
sub page_name {
    my ($student) = @_;
    my $name = $student =~ s/([^A-Za-z0-9.-])/sprintf '_%02x', ord $1/ger;
    $name = substr($name, 0, 200) . unpack '%32C*', $student if length $name > 220;
    return "students/$name.html";
}

sub page {
    my ($title, $body) = @_;
    return encode('UTF-8', "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
            . "<meta name=\"viewport\" content=\"width=device-width\">\n<title>$title</title>\n<style>\n$style</style>\n</head>\n"
            . "<body>\n<main>\n<h1>$title</h1>\n$body</main>\n</body>\n</html>\n");
}

# What stands below a result in the table: since when it has passed, or what differs.
sub cell {
    my ($row) = @_;
    my $class = $row->{result} eq 'passed' ? 'passed' : 'failed';
    my $more  = $row->{since} ? substr($row->{since}, 0, 10) : $row->{brief};
    $more = substr($more, 0, 80) . ' ...' if length $more > 84;
    return "<td class=\"$class\">" . html($row->{result}) . ($more ne '' ? '<small>' . html($more) . '</small>' : '') . '</td>';
}

# A row for each student, a column for each exercise. Each of `rows` has student, name (of the
# lesson), result, since, brief, said; they come student by student.
sub table_page {
    my ($date, @rows) = @_;
    my (@students, %of, @names, %seen, %passed);
    for my $row (@rows) {
        push @students, $row->{student} unless $of{ $row->{student} };
        push @names, $row->{name} unless $seen{ $row->{name} }++;
        $of{ $row->{student} }{ $row->{name} } = $row;
        $passed{$_} += $row->{result} eq 'passed' for $row->{name}, "\0$row->{student}";
    }
    my $body = '<p>' . @students . ' students, ' . @names . " exercises, judged until $date.</p>\n"
        . "<table>\n<caption>A row for each student, a column for each exercise: the result, and since when it has passed, or what differs first."
        . "</caption>\n<thead>\n<tr><th scope=\"col\">student</th><th scope=\"col\">passed</th>"
        . join('', map {"<th scope=\"col\">$_</th>"} map {html($_)} @names) . "</tr>\n</thead>\n<tbody>\n";
    for my $student (@students) {
        $body .= '<tr><th scope="row"><a href="' . page_name($student) . '">' . html($student) . '</a></th>'
            . '<td>' . $passed{"\0$student"} . ' of ' . @names . '</td>' . join('', map { cell($of{$student}{$_}) } @names) . "</tr>\n";
    }
    $body .= "</tbody>\n<tfoot>\n<tr><th scope=\"row\">passed</th><td></td>"
        . join('', map {"<td>$passed{$_} of " . @students . '</td>'} @names) . "</tr>\n</tfoot>\n</table>\n";
    return page('Grades', $body);
}

sub student_page {
    my (@rows) = @_;
    my $passed = grep { $_->{result} eq 'passed' } @rows;
    my $body   = "<p>$passed of " . @rows . " exercises passed.</p>\n";
    for my $row (@rows) {
        $body .= '<h2>' . html("$row->{name}: $row->{result}") . "</h2>\n";
        $body .= "<p>Since $row->{since}.</p>\n" if $row->{since};
        $body .= '<pre>' . html($row->{said}) . "</pre>\n" if $row->{result} ne 'passed';
    }
    return page(html($rows[0]{student}), $body);
}

1;
