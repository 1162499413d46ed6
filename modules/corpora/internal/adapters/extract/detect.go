package extract

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// guess is an encoding that a text may be in, with what speaks for it.
type guess struct {
	enc encoding.Encoding
	// common are the characters that texts in this encoding are full of,
	// besides ASCII; letters of other scripts than Latin in the order of how
	// frequent they are.
	common string
	// script is that of the letters; nil: Latin.
	script *unicode.RangeTable
	// levels are the lead bytes of ideographs or syllables: the first two of
	// those in daily use, the others of the rest. Zero: one byte a character.
	levels [4]byte
}

// guesses are in the order in which they win a draw. An alphabet that many
// languages share has one for each.
func guesses() []guess {
	out := alphabets(charmap.Windows1252, "éèàùâêîôûëïçœæ", "äöüß", "áéíóúñü", "æøåäöé", "àèéìòù")
	out = append(out, []guess{
		{enc: simplifiedchinese.GB18030, common: simplifiedCommon, levels: [4]byte{0xb0, 0xd7, 0xd8, 0xf7}},
		{enc: traditionalchinese.Big5, common: traditionalCommon, levels: [4]byte{0xa4, 0xc6, 0xc9, 0xf9}},
		{enc: japanese.ShiftJIS, common: japaneseCommon, levels: [4]byte{0x88, 0x97, 0x98, 0xea}},
		{enc: japanese.EUCJP, common: japaneseCommon, levels: [4]byte{0xb0, 0xcf, 0xd0, 0xf4}},
		{enc: korean.EUCKR, common: koreanCommon, levels: [4]byte{0xb0, 0xc8, 0xff, 0xff}},
		{enc: charmap.Windows1251, common: cyrillicLetters, script: unicode.Cyrillic},
		{enc: charmap.KOI8U, common: cyrillicLetters, script: unicode.Cyrillic},
		{enc: charmap.CodePage866, common: cyrillicLetters, script: unicode.Cyrillic},
		{enc: charmap.ISO8859_5, common: cyrillicLetters, script: unicode.Cyrillic},
		{enc: charmap.Windows1253, common: greekLetters, script: unicode.Greek},
		{enc: charmap.Windows1255, common: hebrewLetters, script: unicode.Hebrew},
		{enc: charmap.Windows1256, common: arabicLetters, script: unicode.Arabic},
		{enc: charmap.Windows874, common: thaiLetters, script: unicode.Thai},
	}...)
	central := []string{"áčďéěíňóřšťúůýžôľĺŕä", "ąćęłńóśźż", "áéíóöőúüű", "ăâîşţ", "čćđšž"}
	out = append(out, alphabets(charmap.Windows1250, central...)...)
	// Portuguese has ões where Hungarian has ő, but seldom without ã or ç.
	out = append(out, alphabets(charmap.Windows1252, "ãõçáéíóúâêôà")...)
	out = append(out, alphabets(charmap.ISO8859_2, central...)...)
	out = append(out, alphabets(charmap.Windows1254, "ıİğşçöüâî")...)
	return append(out, alphabets(charmap.Windows1257, "āčēģīķļņšūž", "ąčęėįšųūž", "äõöüšž")...)
}

// alphabets are the letters of languages with a Latin script.
func alphabets(enc encoding.Encoding, letters ...string) []guess {
	out := make([]guess, len(letters))
	for i, l := range letters {
		out[i] = guess{enc: enc, common: l}
	}
	return out
}

// Frequent characters; letters with the most frequent first.
const (
	cyrillicLetters = "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъёіїєґ"
	greekLetters    = "αοιετσνηυρπκμλςάίόήέωύγδθχφβξζώψ"
	hebrewLetters   = "יוהלאתרבשמנכעדחפקצגזטסםןךףץ"
	arabicLetters   = "الينمورتبدةعسفهكحقأجشطصىخإذضزئثظغءآؤ"
	thaiLetters     = "านรอกเงมยลวดทสต่ปะบคห้ีิัแจพชข็์ุูใไโผๆซณธศฐญษ"

	simplifiedCommon = "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方" +
		"多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公此已工使情" +
		"明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给" +
		"世位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少报才结反受目太" +
		"量再感建务做接必场件计管期市直德资命山金指克许统区保至队形社便空决治展马科司五基眼书非则听白却界达光放强即像难且权思王象" +
		"完设式色路记南品住告类求据程北边死张该交规万取拉格望觉术领共确传师观清今切院让识候带导争运会议邮项请按照款服客订编单价付" +
		"费退换限产品责附签协合约终止休假工资差旅"
	traditionalCommon = "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡用道行所然家種事成方" +
		"多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心她本前開但因只從想實日軍者意無力它與長把機十民第公此已工使情" +
		"明性知全三又關點正業外將兩高間由問很最重並物手應戰向頭文體政美相見被利什二等產或新己制身果加西斯月話合回特代內信表化老給" +
		"世位次度門任常先海通教兒原東聲提立及比員解水名真論處走義各入幾口認條平系氣題活爾更別打女變四神總何電數安少報才結反受目太" +
		"量再感建務做接必場件計管期市直德資命山金指克許統區保至隊形社便空決治展馬科司五基眼書非則聽白卻界達光放強即像難且權思王象" +
		"完設式色路記南品住告類求據程北邊死張該交規萬取拉格望覺術領共確傳師觀清今切院讓識候帶導爭運議郵封關於安排項請按照款服客訂" +
		"編單價付費退換限責附簽協約終止休假差旅"
	japaneseCommon = "日一国人年大十二本中長出三時行見月後前生五間上東四今金九入学高円子外八六下来気小七山話女北午百書先名川千水半男西電校語土" +
		"木聞食車何南万毎白天母火右読友左休父雨会同事自社発者地業方新場員立開手力問代明動京目通言理体田主題意不作用度強公持野以思" +
		"家世多正安院心界教文元重近考画海売知道集別物使品計死特私始朝運終台広住無真有口少町料工建空急止送切転研足究楽起着店病質待" +
		"試族銀早映親験英医仕去味写字答夜音注帰古歌買悪図週室歩風紙黒花春赤青館屋色走秋夏習駅洋旅服夕借曜飲肉貸堂鳥飯勉冬昼茶弟牛" +
		"魚兄犬妹姉漢太郎齢課部氏様番号価格総額合計有給休暇株式契約請求"
	koreanCommon = "이다는의에을가은를하고로지한도사기어서리나시자인아대해스정일수전부주그들장과보제상있었면라만구여원공화니성조소와비동중연" +
		"미신것할오게우으안세적당출관경무선유진영문트음으간치국마식업야회요까물바방용실러개년계생결산내분명모위단외래현금월번호드" +
		"후급여입력임직휴근퇴법규칙항목"
)

// fewest is the score below which a text is in none of the encodings.
const fewest = 0.25

// detectEncoding finds the encoding in which a text that is not UTF-8 looks
// most like text, or nil.
func detectEncoding(data []byte) encoding.Encoding {
	data = data[:min(len(data), headSize)]
	var best encoding.Encoding
	most := fewest
	for _, g := range guesses() {
		text, err := g.enc.NewDecoder().Bytes(data)
		if err != nil || damaged(string(text)) > mostDamaged {
			continue
		}
		if score := g.score(string(text)); score > most+0.01 {
			best, most = g.enc, score
		}
	}
	return best
}

// score is how much a text looks like one of this encoding: the mean over its
// characters beyond ASCII, each at most 1.
func (g guess) score(text string) float64 {
	const most = 4000
	common := make(map[rune]float64, len(g.common))
	n := utf8.RuneCountInString(g.common)
	i := 0
	for _, r := range g.common {
		common[r] = 1
		if g.script != nil {
			common[r] = 1 - 0.8*float64(i)/float64(n)
		}
		i++
	}
	encoder := g.enc.NewEncoder()
	sum, count := 0.0, 0
	before, current := rune(' '), rune(' ')
	add := func(next rune) {
		if current >= utf8.RuneSelf && current != utf8.RuneError {
			count++
			if g.levels[0] != 0 {
				sum += g.ideograph(current, common, encoder)
			} else {
				sum += g.letter(before, current, next, common)
			}
		}
		before, current = current, next
	}
	for _, r := range text {
		if add(r); count >= most {
			break
		}
	}
	add(' ')
	if count == 0 {
		return 0
	}
	return sum / float64(count)
}

// letter rates a character of an alphabet, by its neighbours too.
func (g guess) letter(before, r, next rune, common map[rune]float64) float64 {
	ascii := func(r rune) bool { return r < utf8.RuneSelf && unicode.IsLetter(r) }
	switch {
	case unicode.Is(unicode.Cc, r):
		return -1
	case !unicode.IsLetter(r) && !unicode.IsMark(r):
		if unicode.IsLetter(before) && unicode.IsLetter(next) && r != '’' && r != '·' && r != '\u00ad' {
			return -0.5
		}
		if strings.ContainsRune("“”„‘’–—…«»€£°§·•№®©™¿¡\u00a0", r) {
			return 0.3
		}
		return -0.2
	case unicode.IsUpper(r) && unicode.IsLower(before):
		return -0.6
	case g.script != nil && (ascii(before) || ascii(next)):
		return -0.7
	}
	worth := common[r]
	if lower := unicode.ToLower(r); lower != r && worth == 0 {
		worth = 0.7 * common[lower]
	}
	if worth == 0 {
		return -0.1
	}
	if g.script != nil {
		return worth
	}
	// In languages that are written with it, most letters are ASCII.
	switch foreign := func(r rune) bool { return r >= utf8.RuneSelf && unicode.IsLetter(r) }; {
	case foreign(before) && foreign(next):
		return -0.5
	case foreign(before) || foreign(next):
		worth *= 0.7
	case !unicode.IsLetter(before) && !unicode.IsLetter(next): // a word of one letter
		worth *= 0.6
	}
	return worth
}

// ideograph rates a character of an East Asian encoding.
func (g guess) ideograph(r rune, common map[rune]float64, encoder *encoding.Encoder) float64 {
	if worth := common[r]; worth > 0 {
		return worth
	}
	japanese := g.common == japaneseCommon
	switch {
	case r >= 0x3040 && r < 0x30ff: // kana
		if japanese {
			return 0.9
		}
		return 0.2
	case r >= 0x3000 && r < 0x3040, r >= 0xff01 && r < 0xff5f:
		return 0.6
	case r >= 0xff61 && r < 0xffa0: // half-width kana
		return -0.1
	case !unicode.Is(unicode.Han, r) && !unicode.Is(unicode.Hangul, r):
		return -0.2
	}
	code, err := encoder.String(string(r))
	if err != nil || len(code) != 2 {
		return -0.5
	}
	switch lead, trail := code[0], code[1]; {
	case g.levels[0] == 0xb0 && trail < 0xa1: // an extension that hardly anybody uses
		return -0.3
	case lead >= g.levels[0] && lead <= g.levels[1]:
		return 0.5
	case lead >= g.levels[2] && lead <= g.levels[3]:
		return 0.05
	}
	return -0.3
}
