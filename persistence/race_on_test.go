//go:build race

package persistence_test

// underRace: the matrices have one goroutine, and take ten times as long under the detector.
const underRace = true
