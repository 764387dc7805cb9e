/** What people in front of a kiosk read, in languages other than English. */
import type { Language, Words } from './words';

export const TRANSLATIONS: Readonly<Record<Exclude<Language, 'en'>, Words>> = {
	de: {
		labels: {
			angry: 'Wütend',
			disgust: 'Ekel',
			fear: 'Angst',
			happy: 'Fröhlich',
			sad: 'Traurig',
			surprise: 'Überrascht',
			neutral: 'Neutral'
		},
		unsure: 'Unsicher',
		tooSmall: 'Zu klein',
		notice: 'Eine Kamera liest hier automatisch Gesichtsausdrücke.',
		privacy: {
			logged: 'Kein Bild wird gespeichert oder gesendet; nur Anzahlen je Minute bleiben.',
			unlogged: 'Nichts wird gespeichert oder gesendet.',
			published: 'Kein Bild wird gespeichert oder gesendet; nur Anzahlen je Minute werden weitergegeben.'
		},
		operator: 'Betrieben von',
		more: 'Mehr dazu',
		totals: { today: 'Heute', faces: 'Gesichter kamen', seen: 'im Bild' },
		figures: {
			now: 'jetzt im Bild',
			chart: 'Dauer jedes Ausdrucks je Minute in der letzten Stunde',
			nothing: 'noch nichts',
			upTo: 'bis zu'
		}
	},
	fr: {
		labels: {
			angry: 'Colère',
			disgust: 'Dégoût',
			fear: 'Peur',
			happy: 'Joie',
			sad: 'Tristesse',
			surprise: 'Surprise',
			neutral: 'Neutre'
		},
		unsure: 'Incertain',
		tooSmall: 'Trop petit',
		notice: 'Ici, une caméra lit automatiquement les expressions du visage.',
		privacy: {
			logged: 'Aucune image n’est conservée ni envoyée ; seuls des comptes par minute sont gardés.',
			unlogged: 'Rien n’est conservé ni envoyé.',
			published: 'Aucune image n’est conservée ni envoyée ; seuls des comptes par minute sont transmis.'
		},
		operator: 'Exploité par',
		more: 'En savoir plus',
		totals: { today: 'Aujourd’hui', faces: 'visages sont venus', seen: 'en vue' },
		figures: {
			now: 'en vue maintenant',
			chart: 'Durée de chaque expression, par minute, pendant la dernière heure',
			nothing: 'rien pour l’instant',
			upTo: 'jusqu’à'
		}
	},
	es: {
		labels: {
			angry: 'Enfado',
			disgust: 'Asco',
			fear: 'Miedo',
			happy: 'Alegría',
			sad: 'Tristeza',
			surprise: 'Sorpresa',
			neutral: 'Neutro'
		},
		unsure: 'Inseguro',
		tooSmall: 'Demasiado pequeño',
		notice: 'Aquí una cámara lee automáticamente las expresiones faciales.',
		privacy: {
			logged: 'No se guarda ni se envía ninguna imagen; solo se conservan recuentos por minuto.',
			unlogged: 'No se guarda ni se envía nada.',
			published: 'No se guarda ni se envía ninguna imagen; solo se transmiten recuentos por minuto.'
		},
		operator: 'Operado por',
		more: 'Más información',
		totals: { today: 'Hoy', faces: 'rostros vinieron', seen: 'a la vista' },
		figures: {
			now: 'a la vista ahora',
			chart: 'Duración de cada expresión, por minuto, en la última hora',
			nothing: 'nada todavía',
			upTo: 'hasta'
		}
	},
	it: {
		labels: {
			angry: 'Rabbia',
			disgust: 'Disgusto',
			fear: 'Paura',
			happy: 'Gioia',
			sad: 'Tristezza',
			surprise: 'Sorpresa',
			neutral: 'Neutro'
		},
		unsure: 'Incerto',
		tooSmall: 'Troppo piccolo',
		notice: 'Qui una telecamera legge automaticamente le espressioni del viso.',
		privacy: {
			logged: 'Nessuna immagine è conservata o inviata; restano solo conteggi al minuto.',
			unlogged: 'Nulla è conservato o inviato.',
			published: 'Nessuna immagine è conservata o inviata; si trasmettono solo conteggi al minuto.'
		},
		operator: 'Gestito da',
		more: 'Maggiori informazioni',
		totals: { today: 'Oggi', faces: 'volti arrivati', seen: 'in vista' },
		figures: {
			now: 'in vista ora',
			chart: 'Durata di ogni espressione, al minuto, nell’ultima ora',
			nothing: 'ancora niente',
			upTo: 'fino a'
		}
	},
	nl: {
		labels: {
			angry: 'Boos',
			disgust: 'Afkeer',
			fear: 'Angst',
			happy: 'Blij',
			sad: 'Verdrietig',
			surprise: 'Verrast',
			neutral: 'Neutraal'
		},
		unsure: 'Onzeker',
		tooSmall: 'Te klein',
		notice: 'Hier leest een camera automatisch gezichtsuitdrukkingen.',
		privacy: {
			logged: 'Geen beeld wordt bewaard of verstuurd; alleen aantallen per minuut blijven.',
			unlogged: 'Niets wordt bewaard of verstuurd.',
			published: 'Geen beeld wordt bewaard of verstuurd; alleen aantallen per minuut worden doorgegeven.'
		},
		operator: 'Beheerd door',
		more: 'Meer hierover',
		totals: { today: 'Vandaag', faces: 'gezichten kwamen', seen: 'in beeld' },
		figures: {
			now: 'nu in beeld',
			chart: 'Duur van elke uitdrukking, per minuut, in het laatste uur',
			nothing: 'nog niets',
			upTo: 'tot'
		}
	},
	pt: {
		labels: {
			angry: 'Zangado',
			disgust: 'Nojo',
			fear: 'Medo',
			happy: 'Feliz',
			sad: 'Triste',
			surprise: 'Surpresa',
			neutral: 'Neutro'
		},
		unsure: 'Incerto',
		tooSmall: 'Pequeno demais',
		notice: 'Aqui uma câmara lê automaticamente expressões faciais.',
		privacy: {
			logged: 'Nenhuma imagem é guardada ou enviada; ficam apenas contagens por minuto.',
			unlogged: 'Nada é guardado ou enviado.',
			published: 'Nenhuma imagem é guardada ou enviada; apenas contagens por minuto são transmitidas.'
		},
		operator: 'Operado por',
		more: 'Saber mais',
		totals: { today: 'Hoje', faces: 'rostos vieram', seen: 'à vista' },
		figures: {
			now: 'à vista agora',
			chart: 'Duração de cada expressão, por minuto, na última hora',
			nothing: 'nada ainda',
			upTo: 'até'
		}
	},
	pl: {
		labels: {
			angry: 'Złość',
			disgust: 'Wstręt',
			fear: 'Strach',
			happy: 'Radość',
			sad: 'Smutek',
			surprise: 'Zaskoczenie',
			neutral: 'Neutralny'
		},
		unsure: 'Niepewne',
		tooSmall: 'Za mała',
		notice: 'Kamera odczytuje tu automatycznie wyraz twarzy.',
		privacy: {
			logged: 'Żaden obraz nie jest zapisywany ani wysyłany; pozostają tylko liczby na minutę.',
			unlogged: 'Nic nie jest zapisywane ani wysyłane.',
			published: 'Żaden obraz nie jest zapisywany ani wysyłany; przekazywane są tylko liczby na minutę.'
		},
		operator: 'Operator:',
		more: 'Więcej informacji',
		totals: { today: 'Dzisiaj', faces: 'twarzy przyszło', seen: 'w kadrze' },
		figures: {
			now: 'teraz w kadrze',
			chart: 'Czas każdego wyrazu twarzy, co minutę, w ostatniej godzinie',
			nothing: 'jeszcze nic',
			upTo: 'do'
		}
	}
};
