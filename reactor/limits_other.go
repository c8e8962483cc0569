//go:build !unix

package reactor

// descriptorLimit: no limit of open files is known here.
func descriptorLimit() int { return 0 }
