//go:build race

package client_test

// raceEnabled: the race detector allocates too.
const raceEnabled = true
