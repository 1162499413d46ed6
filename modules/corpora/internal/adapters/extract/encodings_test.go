package extract

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

func TestTextWithoutADeclarationIsReadByWhatItLooksLike(t *testing.T) {
	for _, tc := range []struct {
		name string
		enc  encoding.Encoding
		text []string
	}{
		{"GB 18030", simplifiedchinese.GB18030, []string{"会议安排", "员工每年有二十天的带薪休假。", "请按照合同的规定付款，谢谢！", "北京", "差旅费报销标准"}},
		{"Big5", traditionalchinese.Big5, []string{"會議的安排", "員工每年有二十天的有薪假期。", "請依合約規定付款，謝謝！", "台北市政府", "差旅費用報銷標準"}},
		{"Shift_JIS", japanese.ShiftJIS, []string{"名前,年齢\n太郎,30\n", "社員は年間二十日の有給休暇を取ることができます。", "東京都", "カタログ価格", "会議の予定"}},
		{"EUC-JP", japanese.EUCJP, []string{"社員は年間二十日の有給休暇を取ることができます。", "会議の予定について", "東京都の住所"}},
		{"EUC-KR", korean.EUCKR, []string{"직원은 연간 20일의 유급 휴가를 받습니다.", "회의 일정", "서울특별시"}},
		{"Windows-1251", charmap.Windows1251, []string{"Сотрудники имеют право на отпуск.", "Договор аренды", "Москва", "ПРИКАЗ № 5"}},
		{"KOI8-R", charmap.KOI8R, []string{"Сотрудники имеют право на отпуск.", "Договор аренды помещения", "Москва"}},
		{"Windows-1250", charmap.Windows1250, []string{"Zaměstnanci mají nárok na dvacet dní dovolené.", "Każdy pracownik ma prawo do urlopu, również w święta.", "Szabadságot a vezető engedélyezi, előre kell kérni."}},
		{"Windows-1252", charmap.Windows1252, []string{"café € 5 “quoted”", "Größe", "Le congé doit être demandé à l’avance.", "El año señalado", "naïve", "Über uns", "smørrebrød på åen"}},
		{"Windows-1253", charmap.Windows1253, []string{"Οι εργαζόμενοι δικαιούνται είκοσι ημέρες άδειας.", "Αθήνα"}},
		{"Windows-1254", charmap.Windows1254, []string{"Çalışanlar yılda yirmi gün izin kullanabilir.", "İstanbul’da görüşme yapıldı ve karar alındı."}},
		{"Windows-1255", charmap.Windows1255, []string{"העובדים זכאים לעשרים ימי חופשה.", "ירושלים"}},
		{"Windows-1256", charmap.Windows1256, []string{"يحق للموظفين عشرون يوما من الإجازة.", "القاهرة"}},
		{"Windows-1257", charmap.Windows1257, []string{"Darbiniekiem ir tiesības uz atvaļinājumu katru gadu, un tas jāpieprasa iepriekš."}},
		{"Windows-874", charmap.Windows874, []string{"พนักงานมีสิทธิลาพักร้อนปีละยี่สิบวัน"}},
		{"ISO-2022-JP", japanese.ISO2022JP, []string{"会議の予定について"}},
	} {
		for _, want := range tc.text {
			data, err := tc.enc.NewEncoder().String(want)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := decode([]byte(data), ""); err != nil || got != want {
				t.Errorf("%s: %q is read as %q, %v", tc.name, want, got, err)
			}
		}
	}
}

func TestValidUTF8WinsOverADeclaration(t *testing.T) {
	for _, declared := range []string{"gb2312", "iso-8859-1", "utf-16", "nonsense", ""} {
		if got, err := decode([]byte("naïve 日本語"), declared); err != nil || got != "naïve 日本語" {
			t.Errorf("declared %q: %q, %v", declared, got, err)
		}
	}
}

func TestADeclarationThatCannotBeTrueIsIgnored(t *testing.T) {
	data, err := traditionalchinese.Big5.NewEncoder().String("會議的安排，請於星期五前回覆。")
	if err != nil {
		t.Fatal(err)
	}
	for _, declared := range []string{"utf-8", "us-ascii", "euc-jp"} {
		if got, err := decode([]byte(data), declared); err != nil || !strings.HasPrefix(got, "會議的安排") {
			t.Errorf("declared %q: %q, %v", declared, got, err)
		}
	}
}

func TestTextInNoKnownEncodingFailsWithASentence(t *testing.T) {
	data := []byte(strings.Repeat("\x81\x8d\xff\xfd\xa0\x90 \x9d\xfe", 20))
	_, err := extractWith(here(Limits{}), data, "a.txt")
	if !errors.Is(err, ErrUnsupported) || !strings.Contains(sentence(err), "encoding") {
		t.Fatalf("got %v", err)
	}
	checkFailure(t, err)
}

func TestFilesWithOnlyCarriageReturnsHaveLines(t *testing.T) {
	for name, data := range map[string]string{
		"a.csv": "name,age\rAda,36\rBob,40\r", "a.md": "# Title\r\rname: Ada\rage: 36\r", "a.txt": "Title\r=====\r\rSome text.\r",
	} {
		if doc := mustExtract(t, []byte(data), name); len(doc.Blocks) < 2 {
			t.Errorf("%s: %v", name, outline(doc))
		}
	}
}
