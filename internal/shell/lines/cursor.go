package lines

// Cursor divides what stands before the cursor: the words that are done, and the one that is being
// written, which begins at the byte start of the line. Quotes that are open do not matter.
func Cursor(before string) (words []string, word string, start int) {
	s := scanner{line: before}
	for s.skip() {
		n := len(s.words)
		err := s.word()
		ended := s.at == len(before) && !blank(before[len(before)-1])
		if err != nil || ended {
			return s.words[:n], s.text.String(), s.start
		}
	}
	return s.words, "", len(before)
}
