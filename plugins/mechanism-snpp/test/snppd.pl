#!/usr/bin/perl
# Net::SNPP's server on 127.0.0.1: snppd.pl PORT FOLDER.
# Each page becomes a line of JSON in FOLDER/pages; MSTA answers with the first line of FOLDER/status.
use strict;
use warnings;
use JSON::PP;
use Net::SNPP::Server;

my ($port, $folder) = @ARGV;
$SIG{CHLD} = 'IGNORE';
my $server = Net::SNPP::Server->new(Port => $port, BindTo => '127.0.0.1');

$server->callback('write_log', sub { });
$server->callback('process_page', sub {
	my ($pager, $page, $results) = @_;
	open my $pages, '>>', "$folder/pages" or die $!;
	print $pages JSON::PP->new->canonical->encode({ pager => $pager->[0], pin => $pager->[1], %$page }), "\n";
	close $pages;
	push @$results, [$pager, $page];
	return 1;
});
$server->custom_command('MSTA', sub {
	open my $status, '<', "$folder/status" or return ('550 Unknown message tag', 1);
	my $line = <$status>;
	chomp $line;
	return ($line, 1);
});

while (my $client = $server->client()) {
	next if fork;
	$server->handle_client($client);
	exit 0;
}
