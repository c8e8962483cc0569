package main

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheDiskHasAProcessorUnlessTheEnvironmentDecides(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(before)
	reserveProcessors("2")
	require.Equal(t, before, runtime.GOMAXPROCS(0))
	reserveProcessors("")
	require.Equal(t, before+1, runtime.GOMAXPROCS(0))
}
