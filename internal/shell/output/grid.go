package output

import (
	"strings"

	"github.com/rivo/uniseg"
)

const columnGap = 2

// Grid writes names in as many columns as the terminal has room for, sorted downwards as ls does.
// Not on a terminal it writes one a line.
func (p *Page) Grid(names []string) {
	if !p.terminal || p.zero {
		for _, name := range names {
			p.NameLine(name)
		}
		return
	}
	shown := make([]string, len(names))
	widest := 0
	for i, name := range names {
		shown[i] = p.Name(name)
		widest = max(widest, uniseg.StringWidth(shown[i]))
	}
	columns := max(1, (p.width+columnGap)/(widest+columnGap))
	rows := (len(shown) + columns - 1) / columns
	for row := range rows {
		var line []string
		for at := row; at < len(shown); at += rows {
			line = append(line, shown[at])
		}
		for i := range line[:len(line)-1] {
			line[i] = pad(line[i], widest+columnGap)
		}
		p.Line(line...)
	}
}

// Table writes rows in columns. Not on a terminal the cells of a row are divided by a tab.
func (p *Page) Table(rows [][]string) {
	if !p.terminal {
		for _, row := range rows {
			p.Line(strings.Join(row, "\t"))
		}
		return
	}
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], uniseg.StringWidth(cell))
		}
	}
	for _, row := range rows {
		line := make([]string, len(row))
		for i, cell := range row {
			line[i] = cell
			if i < len(row)-1 {
				line[i] = pad(cell, widths[i]+columnGap)
			}
		}
		p.Line(line...)
	}
}

func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-uniseg.StringWidth(text)))
}
