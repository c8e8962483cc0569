//go:build !unix

package owner

// Writable cannot tell here.
func Writable(string) error { return nil }
