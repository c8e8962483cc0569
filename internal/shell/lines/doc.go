// Package lines reads the lines of the shell: words and quotes, and the history.
//
// Quoting is that of POSIX sh: '...' as it is, "..." with \n \t \xNN \\ \", a backslash before any
// other character, # begins a comment. There are no variables and no globs. zkCli.sh has its own
// rules, for its scripts.
//
// Read words.go, cursor.go (the word that Tab completes), zkcli.go, history.go.
package lines
