"""Make `src/langsamp/languages/names.json`: what people call languages beside their reference name in ISO 639-3.

    python tools/make_language_names.py

By code, folded duplicates left out, sorted:

- CLDR's name in English and in the language itself, as Babel ships them (Unicode licence): Bangla, Cantonese, isiZulu;
- `_EVERYDAY`, the names that neither CLDR nor ISO 639 has and that people and data sets use: other names of Glottolog
  (CC BY 4.0; Hammarström, Forkel, Haspelmath), of Ethnologue's index in ISO 639-3's name table, of FLORES-200, OPUS and
  Wikipedia. A name that a macrolanguage shares with its members stands at the macrolanguage.

The names of ISO 639-3 itself are in `table.json`. The file is committed; make it anew where Babel or the
table changes.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from babel import Locale, UnknownLocaleError, localedata

from langsamp.languages import codes
from langsamp.languages.search import fold

_OUT = Path(__file__).parent.parent / "src/langsamp/languages/names.json"

_EVERYDAY = """
aar: Afar, Danakil
abk: Abkhazian, Apsua
acm: Iraqi Arabic, Mesopotamian Arabic
acq: Yemeni Arabic
ady: West Circassian, Circassian
aeb: Tunisian Arabic, Derja
afb: Gulf Arabic, Khaleeji
aka: Akan
als: Tosk Albanian
amh: Amharic, Amarigna, Amharigna
ang: Anglo-Saxon
apc: Levantine Arabic, Syrian Arabic, Lebanese Arabic, Shami
arb: Modern Standard Arabic, MSA, Fusha, Literary Arabic
arn: Mapuche, Mapudungun
ars: Najdi Arabic, Saudi Arabic
ary: Moroccan Arabic, Darija
arz: Egyptian Arabic, Masri
asm: Axomiya, Asamiya
ast: Bable
aym: Aymara
azb: South Azeri, Southern Azeri, Iranian Azerbaijani
aze: Azeri, Azerbaijani Turkish
bak: Bashkort
bam: Bamanankan
bar: Bairisch, Boarisch, Austro-Bavarian
bbc: Toba Batak
ben: Bangla, Bengali
bho: Bhojpuri
bik: Bicolano, Bikolano
bjn: Banjarese
bla: Blackfoot
bod: Tibetan, Standard Tibetan, Bodish
bos: Bosniak
bre: Brezhoneg
bug: Bugis
bxr: Buryat, Buriat
cat: Valencian, Catalonian
cbk: Zamboangueño, Zamboangueno
ceb: Bisaya, Binisaya, Visayan, Cebuano
ces: Czech, Cesky
che: Chechen, Nokhchi
chr: Tsalagi
chv: Chuvash
ckb: Sorani, Sorani Kurdish, Soranî, Central Kurdish
ckt: Chukchi
cmn: Mandarin, Putonghua, Standard Chinese, Guoyu, Huayu
cre: Nehiyaw
crh: Crimean Tatar, Crimean Turkish
cym: Cymraeg
dan: Danish
deu: Standard German, High German, Hochdeutsch
div: Maldivian
dje: Djerma
dyu: Jula, Dioula
dzo: Bhutanese
ekk: Standard Estonian
ell: Modern Greek, Greek, Hellenic
esu: Yupik
eus: Euskera, Vasconian
ewe: Eʋe
fas: Farsi, Persian, Parsi
fil: Pilipino, Filipino
fra: French
fro: Old French
fry: Frisian, West Frisian, Frysk
ful: Fula, Fulani, Fulfulde, Pulaar, Peul
fuv: Nigerian Fulani, Hausa Fulani
gaz: Western Oromo, West Central Oromo
gil: Kiribati
gla: Gaelic, Scots Gaelic, Gaidhlig
gle: Gaelic, Irish Gaelic, Gaeilge
glv: Gaelic, Manx Gaelic
grc: Ancient Greek, Koine, Koine Greek
grn: Guaraní
gsw: Swiss German, Alemannic, Schweizerdeutsch, Alsatian
guc: Guajiro
hac: Gorani
hak: Hakka, Kejia
hat: Haitian Creole, Kreyol, Kreyòl
hau: Haoussa
hbo: Biblical Hebrew
hbs: Serbo-Croatian, Serbocroatian, Croato-Serbian, BCMS
heb: Ivrit
her: Otjiherero
hil: Ilonggo
hin: Hindi, Standard Hindi
hmn: Hmong, Miao
hye: Eastern Armenian, Hayeren
ibo: Ibo
ilo: Ilocano, Iloko, Ilokano
ind: Bahasa Indonesia, Bahasa
ipk: Iñupiaq
jam: Jamaican Patois, Patwa, Patois
jav: Basa Jawa
jiv: Jivaro
jje: Jeju
kab: Kabylian
kal: Greenlandic, West Greenlandic
kan: Canarese
kat: Kartuli
kaz: Kazak, Qazaq
kbd: East Circassian, Circassian
kea: Cape Verdean, Cape Verdean Creole
kek: Q'eqchi', Q'eqchi
khk: Halh, Khalkha
khm: Cambodian
kik: Gikuyu
kin: Rwanda, Rwandan
kir: Kirghiz, Kyrgyz, Kirgiz
kmb: North Mbundu
kmr: Kurmanji, Kurmancî, Northern Kurdish
kok: Konkani
kon: Kikongo, Kongo
kor: Hangugeo
kua: Oshiwambo
kum: Qumuq
kur: Kurdish
lad: Judeo-Spanish, Judaeo-Spanish
lah: Lahnda, Western Panjabi
laj: Lango
lao: Laotian
lav: Latvian, Lettish
lez: Lezgi
lim: Limburgish, Limburgan
ltz: Letzeburgesch
lua: Tshiluba, Ciluba
lug: Luganda, Ganda
luo: Dholuo
lus: Mizo, Lushai
lzh: Classical Chinese
mak: Makassar
mal: Malayalam
mar: Marathi
mdh: Maguindanao
mey: Hassaniya
mfe: Mauritian Creole, Morisien
mhr: Meadow Mari
mkd: Macedonian, Slavic Macedonian
mkw: Monokutuba
mlg: Malagasy
mni: Manipuri, Meitei, Meiteilon
mon: Mongolian
mos: Mooré, Moore
mri: Te Reo, Te Reo Maori, Maori
msa: Malay, Bahasa Melayu, Bahasa Malaysia, Malaysian
mya: Burmese, Myanmar, Bamar
nah: Nahuatl, Aztec, Mexicano
nan: Hokkien, Taiwanese, Minnan, Min Nan, Southern Min, Taigi, Teochew, Taiwanese Hokkien
naq: Damara
nav: Navaho, Dine
nbl: Ndebele, South Ndebele, Southern Ndebele, isiNdebele
nde: Ndebele, North Ndebele, Northern Ndebele, isiNdebele, Sindebele
ndo: Oshiwambo
nds: Low German, Low Saxon, Plattdeutsch, Plattdüütsch
nep: Nepali, Gorkhali
nld: Flemish, Netherlandic, Hollands
nnb: Yira
nno: New Norwegian
nob: Dano-Norwegian
nod: Lanna, Northern Thai
nor: Norsk
nso: Northern Sotho, Sepedi, Pedi, Sesotho sa Leboa
nya: Chichewa, Chewa, Chinyanja, Nyanja, Chicewa
nyf: Giriama
oci: Occitan, Provençal, Languedocien, Gascon
oji: Ojibwe, Ojibway, Chippewa, Anishinaabemowin
ori: Odia, Oriya
orm: Oromo, Oromiffa, Afaan Oromo, Afaan Oromoo, Oromigna
orv: Old East Slavic
oss: Ossetic
pan: Punjabi, Panjabi, Eastern Punjabi, Gurmukhi
pap: Papiamento
pbt: Southern Pushto, Kandahari
pcm: Naija, Pidgin, Nigerian English Pidgin, Pidgin English
pes: Western Persian, Western Farsi, Iranian Farsi
pis: Solomon Pijin
plt: Merina, Plateau Malagasy
pnb: Western Punjabi, Shahmukhi, Punjabi Shahmukhi
por: Brazilian Portuguese, European Portuguese, Brazilian
prs: Dari, Dari Persian, Eastern Persian, Afghan Persian, Farsi Dari, Persian Dari
pus: Pashto, Pushto, Pakhto, Pukhto, Afghani
que: Quechua, Kichwa, Quichua, Runasimi
rhg: Rohingya
rki: Arakanese
rmy: Vlax, Vlach Romani
roh: Rumantsch, Rhaeto-Romance
rom: Romani, Romany
ron: Moldovan, Moldavian, Rumanian, Daco-Romanian
run: Kirundi, Rundi
ryu: Okinawan
sag: Sangho
sah: Sakha
san: Samskrtam
sin: Sinhalese, Singhalese, Sinhala
slv: Slovene
sme: Northern Sami, North Sami, Sámi
smj: Lule
smo: Gagana Samoa
sna: Shona, chiShona
snd: Sindhi
som: Af Soomaali
sot: Sesotho, Southern Sotho, Sotho, SeSotho
spa: Castilian, Castellano
sqi: Albanian, Shqip
srd: Sardinian
srp: Serbian, Srpski
ssw: Swati, Swazi, siSwati
swa: Swahili, Kiswahili
syr: Syriac
tam: Tamil
tat: Tatar, Tartar
tel: Telegu, Telugu
tgk: Tajiki, Tadzhik
tgl: Tagalog, Filipino, Pilipino
tir: Tigrinya, Tigrigna
tkl: Tokelauan
tmh: Tuareg, Tamasheq, Tamashek
tok: Toki Pona
ton: Tongan
trp: Kokborok
tsn: Setswana, Tswana, Chuana
tso: Xitsonga, Shangaan, Changana
tts: Isan
tuk: Turkmen, Turkoman
tum: Chitumbuka
tur: Turkish
twi: Twi, Asante, Ashanti, Asante Twi, Akuapem
tyv: Tuvan, Tyvan
uig: Uyghur, Uighur, Uygur, Uigur
umb: South Mbundu
urd: Urdu
uzb: Uzbek
uzn: Northern Uzbek
ven: Tshivenda, Venda, Luvenda
vls: Flemish, West Flemish
vro: Seto
war: Waray-Waray, Samareño
wuu: Shanghainese, Wu
xho: isiXhosa, Xhosa, Xosa
ydd: Eastern Yiddish
yid: Yiddish, Judeo-German
yor: Yoruba
yue: Cantonese, Yue, Guangdonghua
zha: Zhuang
zho: Chinese, Zhongwen, Simplified Chinese, Traditional Chinese, Chinese Simplified, Chinese Traditional
zsm: Malaysian Malay, Standard Malay
zul: isiZulu, Zulu
zza: Zazaki, Dimli, Kirmanjki
"""


def main() -> None:
    names: dict[str, dict[str, str]] = {}
    for code, name in [*_of_cldr(), *_of_ours()]:
        names.setdefault(code, {}).setdefault(fold(name), name)
    for code, of_code in names.items():
        entry = codes.look_up(code)
        assert entry is not None and not entry.retired, f"{code} is no language code"
        for name in (entry.name, *entry.other_names):
            of_code.pop(fold(name), None)
    content = {code: sorted(names[code].values()) for code in sorted(names) if names[code]}
    lines = [f"{json.dumps(code)}: {json.dumps(each, ensure_ascii=False)}" for code, each in content.items()]
    _OUT.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    print(f"{_OUT}: {sum(map(len, content.values()))} names of {len(content)} languages")


def _of_cldr() -> Iterator[tuple[str, str]]:
    english = Locale("en").languages
    for short in sorted(english):
        code = short if len(short) == 3 else codes.three_letter(short)
        if code is None or "_" in short or (entry := codes.look_up(code)) is None or entry.retired:
            continue
        if entry.scope in ("individual", "macrolanguage"):
            yield code, english[short]
            if (itself := _in_itself(short)) is not None:
                yield code, itself


def _in_itself(short: str) -> str | None:
    if not localedata.exists(short):
        return None
    try:
        name = Locale.parse(short).languages.get(short)
    except UnknownLocaleError:
        return None
    return name if name and fold(name) else None


def _of_ours() -> Iterator[tuple[str, str]]:
    for line in _EVERYDAY.strip().splitlines():
        code, _, listed = line.partition(":")
        for name in listed.split(","):
            yield code, name.strip()


if __name__ == "__main__":
    main()
