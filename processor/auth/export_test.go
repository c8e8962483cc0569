package auth

// WithoutDuplicates is withoutDuplicates, for the comparison with a naive one.
var WithoutDuplicates = withoutDuplicates
