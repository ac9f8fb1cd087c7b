// From Hindi as people type it in Latin letters ("mujhe yah jawab pasand hai") to Devanagari.
// Frequent words are listed; all others are written out for Sanscript as it wants them (ITRANS),
// by the rules of casual spelling: a last vowel is long, an n before a consonant is a dot, and
// the ending of a verb does not join its stem. Loaded only when somebody switches this on.

const LISTED = `
aaj आज|aana आना|aap आप|aapka आपका|aapke आपके|aapki आपकी|aapko आपको|aapne आपने|aapse आपसे|aaya आया
aaye आए|aayi आई|ab अब|abhi अभी|accha अच्छा|acha अच्छा|achha अच्छा|achchha अच्छा|achcha अच्छा
acchi अच्छी|achi अच्छी|achhi अच्छी|achchhi अच्छी|acche अच्छे|ache अच्छे|achhe अच्छे|achchhe अच्छे
adhik अधिक|agar अगर|agle अगले|aisa ऐसा|aise ऐसे|aisi ऐसी|akela अकेला|akele अकेले|akeli अकेली
alag अलग|anubhav अनुभव|apna अपना|apne अपने|apni अपनी|apnapan अपनापन|arth अर्थ|asal असल|asli असली
asan आसान|aasan आसान|aasaan आसान|aur और|aurat औरत|auraton औरतों|baar बार|baat बात|baatein बातें
baaten बातें|baaton बातों|bat बात|baad बाद|baaki बाकी|bachcha बच्चा|baccha बच्चा|bacche बच्चे
bachche बच्चे|bachchon बच्चों|bacchon बच्चों|bachpan बचपन|bada बड़ा|bade बड़े|badi बड़ी|badhiya बढ़िया
badal बदल|bahar बाहर|bahut बहुत|bahot बहुत|bohot बहुत|bas बस|bata बता|bataya बताया|batata बताता
batati बताती|batate बताते|batana बताना|behad बेहद|behtar बेहतर|behtareen बेहतरीन|behen बहन|bahan बहन
beta बेटा|beti बेटी|bhai भाई|bharosa भरोसा|bhasha भाषा|bhavna भावना|bhi भी|bilkul बिल्कुल|bina बिना
bol बोल|bura बुरा|bure बुरे|buri बुरी|chahata चाहता|chahta चाहता|chahte चाहते|chahti चाहती
chahie चाहिए|chahiye चाहिए|chhota छोटा|chhote छोटे|chhoti छोटी|chota छोटा|chote छोटे|choti छोटी
chuna चुना|chunna चुनना|de दे|dena देना|desh देश|dhanyavad धन्यवाद|dharm धर्म|dhyan ध्यान|di दी
dil दिल|dimag दिमाग|din दिन|diya दिया|diye दिए|do दो|dono दोनों|donon दोनों|dost दोस्त|doston दोस्तों
doosra दूसरा|doosre दूसरे|doosri दूसरी|dusra दूसरा|dusre दूसरे|dusri दूसरी|dukh दुख|dukhi दुखी
duniya दुनिया|dur दूर|door दूर|ek एक|ekdam एकदम|gaon गाँव|gaya गया|gaye गए|gayi गई|gayee गई|galat गलत
galti गलती|ghar घर|gussa गुस्सा|haan हाँ|hai है|hain हैं|ham हम|hum हम|hamara हमारा|hamare हमारे
hamari हमारी|humara हमारा|humare हमारे|humari हमारी|hamein हमें|hamen हमें|hame हमें|humein हमें|hume हमें
har हर|hi ही|hindi हिंदी|ho हो|hoga होगा|hoge होगे|hogi होगी|honge होंगे|hon हों|hona होना|hone होने
hoon हूँ|hun हूँ|hu हूँ|hota होता|hote होते|hoti होती|hua हुआ|hue हुए|hui हुई|imandari ईमानदारी
imandar ईमानदार|in इन|inka इनका|inke इनके|inki इनकी|insaan इंसान|insan इंसान|is इस|iska इसका|iske इसके
iski इसकी|isko इसको|ise इसे|isliye इसलिए|isme इसमें|ismein इसमें|ismen इसमें|isne इसने|isse इससे
isi इसी|itna इतना|itne इतने|itni इतनी|izzat इज़्ज़त|jaan जान|jaana जाना|jana जाना|jaane जाने|jab जब
jagah जगह|jaisa जैसा|jaise जैसे|jaisi जैसी|jaldi जल्दी|jankari जानकारी|jaankari जानकारी|jata जाता
jaata जाता|jate जाते|jaate जाते|jati जाती|jaati जाती|javab जवाब|jawab जवाब|jawaab जवाब|jawabon जवाबों
jeevan जीवन|jivan जीवन|jis जिस|jise जिसे|jiska जिसका|jiske जिसके|jiski जिसकी|jisme जिसमें|jismein जिसमें
jinka जिनका|jinke जिनके|jinki जिनकी|jo जो|jyada ज़्यादा|zyada ज़्यादा|ka का|kaafi काफ़ी|kafi काफ़ी|kaam काम|kam कम
kabhi कभी|kaha कहा|kahaan कहाँ|kahan कहाँ|kahna कहना|kehna कहना|kahta कहता|kehta कहता|kahti कहती
kehti कहती|kahte कहते|kehte कहते|kahi कही|kahin कहीं|kai कई|kaise कैसे|kaisa कैसा|kaisi कैसी|kar कर
karan कारण|karke करके|karna करना|karne करने|karni करनी|karo करो|karoon करूँ|karta करता|karte करते
karti करती|kaun कौन|kaunsa कौनसा|ke के|khas खास|khud खुद|khush खुश|khushi खुशी|ki की|kintu किंतु
kis किस|kisi किसी|kisko किसको|kise किसे|kiska किसका|kiske किसके|kiski किसकी|kisne किसने|kitna कितना
kitne कितने|kitni कितनी|kiya किया|kiye किए|ko को|koi कोई|koshish कोशिश|kripya कृपया|kuch कुछ|kuchh कुछ
kya क्या|kyon क्यों|kyun क्यों|kyo क्यों|kyonki क्योंकि|kyunki क्योंकि|kyuki क्योंकि|kyoki क्योंकि|lag लग
laga लगा|lage लगे|lagi लगी|lagta लगता|lagti लगती|lagte लगते|ladka लड़का|ladke लड़के|ladki लड़की
ladkiyan लड़कियाँ|lamba लंबा|lambe लंबे|lambi लंबी|le ले|lekin लेकिन|lena लेना|liya लिया|liye लिए|log लोग
logon लोगों|madad मदद|maa माँ|ma माँ|magar मगर|main मैं|mai मैं|maine मैंने|mann मन|man मन|mana माना
manav मानव|manaviya मानवीय|mata माता|matlab मतलब|me में|mein में|men में|mehnat मेहनत|mera मेरा|mere मेरे
meri मेरी|mil मिल|mila मिला|mile मिले|mili मिली|milta मिलता|mitra मित्र|mujhe मुझे|mujhko मुझको
mujhme मुझमें|mujhse मुझसे|mushkil मुश्किल|na न|naa ना|nahi नहीं|nahin नहीं|nai नई|naya नया|naye नए|ne ने
paas पास|paisa पैसा|paise पैसे|pahla पहला|pehla पहला|pahle पहले|pehle पहले|pahli पहली|pehli पहली|par पर
parivar परिवार|parivaar परिवार|pasand पसंद|pata पता|pati पति|patni पत्नी|phir फिर|fir फिर|pita पिता
pura पूरा|poora पूरा|pure पूरे|poore पूरे|puri पूरी|poori पूरी|pyar प्यार|pyaar प्यार|raha रहा|rahe रहे
rahi रही|rahna रहना|rehna रहना|rakhna रखना|rasta रास्ता|raste रास्ते|roz रोज़|saaf साफ़|saaf-saaf साफ़-साफ़
saal साल|saath साथ|sath साथ|sab सब|sabhi सभी|sabka सबका|sabke सबके|sabki सबकी|sabko सबको|sabse सबसे
sach सच|sacha सच्चा|sachcha सच्चा|sachchi सच्ची|sahara सहारा|sahi सही|sakta सकता|sakte सकते|sakti सकती
salah सलाह|salaah सलाह|samaj समाज|samajh समझ|samjha समझा|samjhaya समझाया|samasya समस्या|samay समय
samman सम्मान|sawal सवाल|savaal सवाल|sawaal सवाल|se से|shabd शब्द|shabdon शब्दों|shanti शांति
shakti शक्ति|shayad शायद|shaadi शादी|shadi शादी|sikh सीख|seekh सीख|sirf सिर्फ़|soch सोच|spasht स्पष्ट
sunna सुनना|sundar सुंदर|saral सरल|tab तब|tak तक|taki ताकि|taaki ताकि|tarah तरह|tarika तरीका
tareeka तरीका|tarike तरीके|tera तेरा|tere तेरे|teri तेरी|tha था|the थे|thi थी|theen थीं|thin थीं|theek ठीक
thik ठीक|thoda थोड़ा|thode थोड़े|thodi थोड़ी|to तो|toh तो|tum तुम|tumhara तुम्हारा|tumhare तुम्हारे
tumhari तुम्हारी|tumhe तुम्हें|tumhen तुम्हें|tujhe तुझे|udaharan उदाहरण|uchit उचित|us उस|use उसे
uska उसका|uske उसके|uski उसकी|usko उसको|usme उसमें|usmein उसमें|usne उसने|usse उससे|un उन|unhe उन्हें
unhen उन्हें|unhone उन्होंने|unka उनका|unke उनके|unki उनकी|unko उनको|upyogi उपयोगी|uttar उत्तर|vah वह
vo वो|wo वो|woh वो|waha वहाँ|wahan वहाँ|vahan वहाँ|vala वाला|wala वाला|vale वाले|wale वाले|vali वाली
wali वाली|vastav वास्तव|vichar विचार|vikalp विकल्प|vishwas विश्वास|vishvas विश्वास|vyakti व्यक्ति
vyavahar व्यवहार|waqt वक़्त|wajah वजह|ya या|yaad याद|yaar यार|yah यह|yeh यह|ye ये|yaha यहाँ|yahan यहाँ
yahi यही|yani यानी|zaroor ज़रूर|zarur ज़रूर|zaroori ज़रूरी|zaruri ज़रूरी|jaroori ज़रूरी|jaruri ज़रूरी
zarurat ज़रूरत|zaroorat ज़रूरत|zindagi ज़िंदगी|jindagi ज़िंदगी
adhikar अधिकार|adhikaar अधिकार|ajeeb अजीब|asha आशा|ashanka आशंका|azadi आज़ादी|aazadi आज़ादी
bhavnaen भावनाएँ|bhavnayen भावनाएँ|bhavnaon भावनाओं|bhavnatmak भावनात्मक|chinta चिंता|dekha देखा
dekhna देखना|dar डर|darr डर|doctor डॉक्टर|dukaan दुकान|dusron दूसरों|doosron दूसरों|gambhir गंभीर
gehra गहरा|gehrai गहराई|hansi हँसी|hansna हँसना|himmat हिम्मत|jankar जानकर|jakar जाकर|jaakar जाकर
jaunga जाऊँगा|jaungi जाऊँगी|kahani कहानी|kahaniyan कहानियाँ|kanoon कानून|kanun कानून|karibi करीबी
khayal ख़याल|khyal ख़याल|kitab किताब|kitaab किताब|kitaben किताबें|lagbhag लगभग|likha लिखा|likhe लिखे
likhi लिखी|mahila महिला|mahilaon महिलाओं|mahatvapurn महत्वपूर्ण|maata माता|mushkilen मुश्किलें
nakaratmak नकारात्मक|naukri नौकरी|naukari नौकरी|nirnay निर्णय|padh पढ़|padha पढ़ा|padhai पढ़ाई
padhkar पढ़कर|padhna पढ़ना|padhne पढ़ने|padta पड़ता|padti पड़ती|parvah परवाह|parwah परवाह|phone फ़ोन
prem प्रेम|purush पुरुष|rishta रिश्ता|rishte रिश्ते|rishton रिश्तों|sadasya सदस्य
sahanubhuti सहानुभूति|sakaratmak सकारात्मक|samadhan समाधान|samvedansheel संवेदनशील|santulit संतुलित
sidha सीधा|seedha सीधा|seedhe सीधे|seedhi सीधी|shuru शुरू|sujhav सुझाव|sujhaav सुझाव
svasthya स्वास्थ्य|swasthya स्वास्थ्य|thanda ठंडा|thande ठंडे|thandi ठंडी|tanav तनाव|vishay विषय
vishesh विशेष|vyavaharik व्यावहारिक|vyavharik व्यावहारिक|yuva युवा|yuvaon युवाओं`;

const WORDS = new Map(
  LISTED.split(/[|\n]/).filter(Boolean).map((pair) => pair.split(" "))
);

// Each rule sees the word as the rules before it left it.
const RULES = [
  [/w/g, "v"],
  [/x/g, "ks"],
  [/q/g, "k"],
  [/chchh|cchh|cch/g, "cCh"],
  [/chh/g, "Ch"],
  [/c(?!h|Ch|k)/g, "k"],
  [/ck/g, "k"],
  [/^gy/, "j~n"],
  [/ksh/g, "kSh"],
  [/ao$/, "Ao"],
  [/aa(e|o|i)/g, "A$1"],
  [/aa/g, "A"],
  [/ee|ii/g, "I"],
  [/oo|uu/g, "U"],
  [/ung([aie])$/, "UMg$1"],
  [/en(g[aie])$/, "eM$1"],
  [/(iy)[aA]n$/, "$1AM"],
  [/(.{2})(?:ein|en)$/, "$1eM"],
  [/(.{2})on$/, "$1oM"],
  [/([bcdfghjklmprstvyz])un$/, "$1UM"],
  [/([aeiouAIU](?:[bdghjklmnprtvyz]h?|[cs]h))(?=(?:t[ae]|n[aei]|kar)$)/, "$1a"],
  [/([aeiouAIU](?:[bdghjlmprvyz]h?|[cs]h))(?=ti$)/, "$1a"],
  [/n(?=[kgcCjtTdDbpsSzf])/g, "M"],
  [/m(?=[bp])/g, "M"],
  [/a$/, "A"],
  [/i$/, "I"],
  [/u$/, "U"],
];

// The word in Devanagari; null where it is to stay: a letter of an answer, an abbreviation.
export function spell(word, sanscript) {
  const small = word.toLowerCase();
  if (word.length === 1 || word === word.toUpperCase()) return null;
  if (WORDS.has(small)) return WORDS.get(small);
  // A capital at the start is a phone's; one inside is meant (T, D and N are the hard ones).
  let spelt = word[0].toLowerCase() + word.slice(1);
  for (const [pattern, replacement] of RULES) spelt = spelt.replace(pattern, replacement);
  return sanscript.t(spelt, "itrans", "devanagari", { syncope: true });
}
