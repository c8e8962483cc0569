// Package authority signs certificates for tests of TLS, so that none of them is in the repository
// and none of them runs out.
//
//	New --> Authority --Issue--> tls.Certificate --PEM--> the files of servers and of the shell
//	            |
//	            +--Pool, PEM--> whoever trusts it
//
// An Authority may be used by any number of goroutines. All of it is in authority.go.
package authority
