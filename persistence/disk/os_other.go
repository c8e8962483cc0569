//go:build !linux

package disk

import "os"

func dataSync(f *os.File) error { return f.Sync() }

func writeBack(f, beside File) (bool, error) { return false, nil }

func overwritesInPlace(f *os.File) bool { return false }

func dropCache(*os.File) {}

func bornAt(*os.File) int64 { return 0 }
