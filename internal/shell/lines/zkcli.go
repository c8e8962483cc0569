package lines

import "regexp"

// zkCLIWord is the pattern of zkCli.sh: a word that begins with a quote goes to the next one, and
// any other word to the next blank, with the quotes in it.
var zkCLIWord = regexp.MustCompile(`\s*([^"'\s]\S*|"[^"]*"|'[^']*')\s*`)

// SplitZkCLI divides a line into words as zkCli.sh does.
func SplitZkCLI(line string) []string {
	var words []string
	for _, m := range zkCLIWord.FindAllStringSubmatch(line, -1) {
		word := m[1]
		if len(word) > 1 && (word[0] == '"' || word[0] == '\'') {
			word = word[1 : len(word)-1]
		}
		words = append(words, word)
	}
	return words
}
