//go:build race

package persistence_test

// underRace makes the matrices short: they have one goroutine, and take ten times as long under the
// race detector.
const underRace = true
