package main

import "testing"

func TestACellIsWorseOnlyWhenMedianAndIntervalSaySo(t *testing.T) {
	for name, c := range map[string]struct {
		ratios []float64
		worse  bool
	}{
		"equal":               {[]float64{1, 1.01, 0.99, 1, 1, 0.98, 1.02, 1, 1}, false},
		"a little, surely":    {[]float64{.98, .98, .98, .98, .98, .98, .98, .98, .98}, false},
		"much, surely":        {[]float64{.94, .95, .93, .94, .95, .96, .94, .95, .94}, true},
		"much, not surely":    {[]float64{.9, 1.1, .95, 1.2, .9, .8, 1.05, .96, 1.1}, false},
		"one very bad round":  {[]float64{.2, 1, 1.01, .99, 1, 1, 1, .98, 1}, false},
		"four rounds of nine": {[]float64{.9, .9, .9, .9, 1, 1.01, 1.01, 1.02, 1}, false},
	} {
		if v := judge(c.ratios); v.worse() != c.worse {
			t.Errorf("%s: %v", name, v)
		}
	}
}
