//go:build !race

package sim

// usual is how many seeds a campaign plays.
const usual = 500
