#!/usr/bin/env perl
# Put the exam (standard input) to Perl's JWT libraries; print one line of JSON per refusal.
use strict;
use warnings;
use JSON;
use Crypt::JWT qw(decode_jwt);
use Mojo::JWT;

my $paper  = decode_json(do { local $/; <STDIN> });
my $out    = JSON->new->canonical->utf8;
my %common = (accepted_alg => 'RS256', verify_iss => $paper->{issuer}, verify_exp => 1, verify_iat => 1);

# Crypt::JWT by the one key, and by the set.
sub crypt_jwt {
    my ($question) = @_;
    decode_jwt(token => $question->{token}, key => \$paper->{pem}, %common, verify_aud => $paper->{audience},
        verify_sub => sub { defined $_[0] }, leeway => $question->{leeway_s});
}

sub crypt_jwt_set {
    my ($question) = @_;
    decode_jwt(token => $question->{token}, kid_keys => $paper->{jwks}, %common, leeway => $question->{leeway_s});
}

# Mojo::JWT checks exp and nbf alone.
sub mojo_jwt {
    my ($question) = @_;
    Mojo::JWT->new(public => $paper->{pem}, algorithm => 'RS256')->decode($question->{token});
}

for my $library (['Crypt::JWT', $Crypt::JWT::VERSION, \&crypt_jwt, \&crypt_jwt_set], ['Mojo::JWT', $Mojo::JWT::VERSION, \&mojo_jwt]) {
    my ($name, $version, @judges) = @$library;
    for my $judge (@judges) {
        for my $question (grep { $_->{about} eq 'token' } @{ $paper->{situations} }) {
            next if eval { $judge->($question); 1 };
            my $text = "$@";
            $text =~ s/ at \S+ line \d+.*\z//s;
            print $out->encode({ library => $name, version => "$version", situation => $question->{name}, text => $text }), "\n";
        }
    }
}
