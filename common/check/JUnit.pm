# JUnit.pm - results as the XML that a classroom's CI reads.

package JUnit;

use strict;
use warnings;

use Exporter 'import';

our @EXPORT_OK = qw(junit_case junit_suite);

sub xml {
    my ($text) = @_;
    $text =~ s/([&<>"'])/sprintf '&#%d;', ord $1/ge;
    $text =~ s/[^\x09\x0a\x20-\x7e]/?/g; # nothing else is sure to be XML
    return $text;
}

# One result. It has passed, or `result` is a failure in a word, and `said` what was said.
sub junit_case {
    my (%case) = @_;
    my $begin = sprintf '  <testcase classname="%s" name="%s" time="%.2f"', xml($case{class}), xml($case{name}), $case{seconds} || 0;
    return "$begin/>\n" if $case{result} eq 'passed';
    return "$begin>\n    <failure message=\"" . xml($case{result}) . '">' . xml($case{said}) . "</failure>\n  </testcase>\n";
}

sub junit_suite {
    my ($name, @cases) = @_;
    my $failures = grep {/<failure/} @cases;
    return qq(<?xml version="1.0" encoding="UTF-8"?>\n),
        sprintf(qq(<testsuite name="%s" tests="%d" failures="%d">\n), xml($name), scalar @cases, $failures), @cases, "</testsuite>\n";
}

1;
