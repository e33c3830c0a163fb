/** People who could live somewhere: how they are called there, and what their telephone numbers begin with. */
export interface SeedCountry {
  readonly language: string;
  readonly dial: string;
  readonly familyFirst: boolean;
  /** As they are written, and in Latin letters, for the e-mail address. */
  readonly given: readonly (readonly [string, string])[];
  readonly family: readonly (readonly [string, string])[];
  readonly cities: readonly [string, ...string[]];
}

const latin = (...names: readonly string[]): readonly (readonly [string, string])[] =>
  names.map((name) => [name, name.normalize('NFD').replaceAll(/[^A-Za-z]/g, '')] as const);

export const seedCountries: readonly [SeedCountry, ...SeedCountry[]] = [
  {
    language: 'en',
    dial: '+4420',
    familyFirst: false,
    given: latin('Ada', 'Grace', 'Alan', 'Margaret', 'Tony', 'Bo', 'Siobhán', 'Christopher'),
    family: latin("O'Brien", 'Hopper', 'Turing', 'Ng', 'Featherstonehaugh-Cholmondeley', 'Smith', 'Baker'),
    cities: ['London', 'Leeds', 'Cardiff'],
  },
  {
    language: 'de',
    dial: '+4930',
    familyFirst: false,
    given: latin('Jürgen', 'Käthe', 'Anna-Lena', 'Björn', 'Emmy', 'Max'),
    family: latin('Müller', 'Weiß', 'von der Leyen', 'Schröder', 'Noether', 'Zuse'),
    cities: ['Berlin', 'Köln', 'Zürich'],
  },
  {
    language: 'pt',
    dial: '+5511',
    familyFirst: false,
    given: latin('João', 'Conceição', 'Inês', 'Luís', 'Maria das Graças'),
    family: latin('da Silva', 'Gonçalves', 'Araújo de Oliveira', 'Magalhães', 'Sá'),
    cities: ['São Paulo', 'Lisboa', 'Maputo'],
  },
  {
    language: 'pl',
    dial: '+4822',
    familyFirst: false,
    given: latin('Małgorzata', 'Łukasz', 'Zażółć', 'Jan'),
    family: latin('Wiśniewska', 'Brzęczyszczykiewicz', 'Żak', 'Skłodowska'),
    cities: ['Kraków', 'Łódź', 'Warszawa'],
  },
  {
    language: 'ru',
    dial: '+7495',
    familyFirst: false,
    given: [
      ['Софья', 'sofya'],
      ['Андрей', 'andrey'],
      ['Фёдор', 'fyodor'],
    ],
    family: [
      ['Ковалевская', 'kovalevskaya'],
      ['Колмогоров', 'kolmogorov'],
      ['Ершов', 'yershov'],
    ],
    cities: ['Москва', 'Новосибирск'],
  },
  {
    language: 'el',
    dial: '+3021',
    familyFirst: false,
    given: [
      ['Ελένη', 'eleni'],
      ['Γιώργος', 'giorgos'],
    ],
    family: [
      ['Παπαδοπούλου', 'papadopoulou'],
      ['Κωνσταντινίδης', 'konstantinidis'],
    ],
    cities: ['Αθήνα', 'Θεσσαλονίκη'],
  },
  {
    language: 'ar',
    dial: '+20100',
    familyFirst: false,
    given: [
      ['فاطمة', 'fatima'],
      ['محمد', 'mohamed'],
    ],
    family: [
      ['الخوارزمي', 'alkhwarizmi'],
      ['حسن', 'hassan'],
    ],
    cities: ['القاهرة', 'الإسكندرية'],
  },
  {
    language: 'hi',
    dial: '+91981',
    familyFirst: false,
    given: [
      ['शकुन्तला', 'shakuntala'],
      ['राज', 'raj'],
    ],
    family: [
      ['देवी', 'devi'],
      ['रामानुजन', 'ramanujan'],
    ],
    cities: ['मुंबई', 'चेन्नई'],
  },
  {
    language: 'zh',
    dial: '+86138',
    familyFirst: true,
    given: [
      ['秀英', 'xiuying'],
      ['伟', 'wei'],
    ],
    family: [
      ['王', 'wang'],
      ['欧阳', 'ouyang'],
    ],
    cities: ['北京', '上海'],
  },
  {
    language: 'ja',
    dial: '+8190',
    familyFirst: true,
    given: [
      ['さくら', 'sakura'],
      ['タロウ', 'taro'],
      ['茂', 'shigeru'],
    ],
    family: [
      ['山田', 'yamada'],
      ['𠮷野', 'yoshino'],
    ],
    cities: ['京都', '大阪'],
  },
  {
    language: 'ko',
    dial: '+8210',
    familyFirst: true,
    given: [
      ['민준', 'minjun'],
      ['서연', 'seoyeon'],
    ],
    family: [
      ['김', 'kim'],
      ['황보', 'hwangbo'],
    ],
    cities: ['서울', '부산'],
  },
];
