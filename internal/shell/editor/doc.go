// Package editor reads lines from a person or from a script.
//
//	readline   a capable terminal: editing, history, Tab, Ctrl-R
//	term       a terminal that can do little (TERM=dumb): x/term
//	plain      no terminal: lines as they come, without a prompt
//
// While a line is being edited, text of other goroutines can be put above it.
//
// Read editor.go, readline.go, term.go, plain.go.
package editor
