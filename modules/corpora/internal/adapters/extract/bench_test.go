package extract

import (
	"strings"
	"testing"
)

func BenchmarkMarkdown1MB(b *testing.B) {
	section := "## Section about travel\n\nEvery trip needs an **approval** that is given in writing before a [ticket](https://example.org) is booked or paid, see `travel.md`.\n\n" +
		"- first item of a list\n- second item of a list\n\n| City | Rate |\n|------|------|\n| Lyon | 90 |\n\n```sh\nbook --now\n```\n\n"
	data := []byte(strings.Repeat(section, (1<<20)/len(section)+1))
	b.Run("here", func(b *testing.B) { benchmarkExtract(b, here(Limits{}), data, "a.md") })
	b.Run("child", func(b *testing.B) { benchmarkExtract(b, withChild(b, Limits{}), data, "a.md") })
}

func BenchmarkPDF40Paragraphs(b *testing.B) {
	data := pdfPagesOf("", strings.Repeat(twoParagraphs+"\n", 20))
	b.Run("here", func(b *testing.B) { benchmarkExtract(b, here(Limits{}), data, "a.pdf") })
	b.Run("child", func(b *testing.B) { benchmarkExtract(b, withChild(b, Limits{}), data, "a.pdf") })
}

func BenchmarkSmallMarkdown(b *testing.B) {
	benchmarkExtract(b, here(Limits{}), []byte("# Title\n\nSome *text* here, and a little more of it.\n\n- item\n"), "a.md")
}

func benchmarkExtract(b *testing.B, x *Extractor, data []byte, name string) {
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := extractWith(x, data, name); err != nil {
			b.Fatal(err)
		}
	}
}
