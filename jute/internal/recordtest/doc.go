// Package recordtest holds the checks that every record must pass, for the tests of jute and of the
// rooms below it: that its fields are visited once and in order, that it is read as it was written,
// that a decoder stays within its bounds whatever comes in, and that all of it agrees with the
// bytes that interop/record and interop/wiretap took from Apache's servers.
//
// A room lists its records in a Family, with what is special about some, and calls the methods.
// Read family.go, then check.go (any input), golden.go (Apache's files).
package recordtest
