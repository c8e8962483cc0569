//go:build !race

package persistence_test

const underRace = false
