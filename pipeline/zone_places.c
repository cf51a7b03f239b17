#include <string.h>
#include <strings.h>

#include "zone.h"

struct place {
    const char *name;
    const char *zone;
};

/* Cities and countries people ask about; a country with several zones stands for its capital. */
static const struct place places[] = {
    {"london", "Europe/London"}, {"england", "Europe/London"}, {"britain", "Europe/London"},
    {"the uk", "Europe/London"}, {"uk", "Europe/London"}, {"scotland", "Europe/London"},
    {"wales", "Europe/London"}, {"edinburgh", "Europe/London"}, {"manchester", "Europe/London"},
    {"dublin", "Europe/Dublin"}, {"ireland", "Europe/Dublin"}, {"lisbon", "Europe/Lisbon"},
    {"portugal", "Europe/Lisbon"}, {"paris", "Europe/Paris"}, {"france", "Europe/Paris"},
    {"berlin", "Europe/Berlin"}, {"germany", "Europe/Berlin"}, {"munich", "Europe/Berlin"},
    {"hamburg", "Europe/Berlin"}, {"frankfurt", "Europe/Berlin"}, {"madrid", "Europe/Madrid"},
    {"spain", "Europe/Madrid"}, {"barcelona", "Europe/Madrid"}, {"rome", "Europe/Rome"},
    {"italy", "Europe/Rome"}, {"milan", "Europe/Rome"}, {"vienna", "Europe/Vienna"},
    {"austria", "Europe/Vienna"}, {"zurich", "Europe/Zurich"}, {"switzerland", "Europe/Zurich"},
    {"geneva", "Europe/Zurich"}, {"amsterdam", "Europe/Amsterdam"}, {"the netherlands", "Europe/Amsterdam"},
    {"netherlands", "Europe/Amsterdam"}, {"holland", "Europe/Amsterdam"}, {"brussels", "Europe/Brussels"},
    {"belgium", "Europe/Brussels"}, {"copenhagen", "Europe/Copenhagen"}, {"denmark", "Europe/Copenhagen"},
    {"oslo", "Europe/Oslo"}, {"norway", "Europe/Oslo"}, {"stockholm", "Europe/Stockholm"},
    {"sweden", "Europe/Stockholm"}, {"helsinki", "Europe/Helsinki"}, {"finland", "Europe/Helsinki"},
    {"warsaw", "Europe/Warsaw"}, {"poland", "Europe/Warsaw"}, {"prague", "Europe/Prague"},
    {"budapest", "Europe/Budapest"}, {"hungary", "Europe/Budapest"}, {"athens", "Europe/Athens"},
    {"greece", "Europe/Athens"}, {"istanbul", "Europe/Istanbul"}, {"turkey", "Europe/Istanbul"},
    {"kiev", "Europe/Kiev"}, {"ukraine", "Europe/Kiev"}, {"moscow", "Europe/Moscow"},
    {"russia", "Europe/Moscow"}, {"reykjavik", "Atlantic/Reykjavik"}, {"iceland", "Atlantic/Reykjavik"},
    {"new york", "America/New_York"}, {"new york city", "America/New_York"}, {"boston", "America/New_York"},
    {"washington", "America/New_York"}, {"washington dc", "America/New_York"}, {"miami", "America/New_York"},
    {"philadelphia", "America/New_York"}, {"atlanta", "America/New_York"}, {"detroit", "America/Detroit"},
    {"florida", "America/New_York"}, {"the us", "America/New_York"}, {"chicago", "America/Chicago"},
    {"dallas", "America/Chicago"}, {"houston", "America/Chicago"}, {"texas", "America/Chicago"},
    {"austin", "America/Chicago"}, {"new orleans", "America/Chicago"}, {"minneapolis", "America/Chicago"},
    {"denver", "America/Denver"}, {"colorado", "America/Denver"}, {"phoenix", "America/Phoenix"},
    {"arizona", "America/Phoenix"}, {"los angeles", "America/Los_Angeles"},
    {"san francisco", "America/Los_Angeles"}, {"california", "America/Los_Angeles"},
    {"seattle", "America/Los_Angeles"}, {"portland", "America/Los_Angeles"},
    {"las vegas", "America/Los_Angeles"}, {"san diego", "America/Los_Angeles"},
    {"hawaii", "Pacific/Honolulu"}, {"honolulu", "Pacific/Honolulu"}, {"alaska", "America/Anchorage"},
    {"anchorage", "America/Anchorage"}, {"toronto", "America/Toronto"}, {"montreal", "America/Toronto"},
    {"ottawa", "America/Toronto"}, {"canada", "America/Toronto"}, {"vancouver", "America/Vancouver"},
    {"calgary", "America/Edmonton"}, {"mexico", "America/Mexico_City"}, {"mexico city", "America/Mexico_City"},
    {"havana", "America/Havana"}, {"cuba", "America/Havana"}, {"bogota", "America/Bogota"},
    {"colombia", "America/Bogota"}, {"lima", "America/Lima"}, {"peru", "America/Lima"},
    {"santiago", "America/Santiago"}, {"chile", "America/Santiago"},
    {"buenos aires", "America/Argentina/Buenos_Aires"}, {"argentina", "America/Argentina/Buenos_Aires"},
    {"rio de janeiro", "America/Sao_Paulo"}, {"rio", "America/Sao_Paulo"}, {"sao paulo", "America/Sao_Paulo"},
    {"brazil", "America/Sao_Paulo"}, {"cairo", "Africa/Cairo"}, {"egypt", "Africa/Cairo"},
    {"lagos", "Africa/Lagos"}, {"nigeria", "Africa/Lagos"}, {"nairobi", "Africa/Nairobi"},
    {"kenya", "Africa/Nairobi"}, {"johannesburg", "Africa/Johannesburg"},
    {"cape town", "Africa/Johannesburg"}, {"south africa", "Africa/Johannesburg"},
    {"casablanca", "Africa/Casablanca"}, {"morocco", "Africa/Casablanca"}, {"accra", "Africa/Accra"},
    {"ghana", "Africa/Accra"}, {"jerusalem", "Asia/Jerusalem"}, {"israel", "Asia/Jerusalem"},
    {"tel aviv", "Asia/Jerusalem"}, {"dubai", "Asia/Dubai"}, {"abu dhabi", "Asia/Dubai"},
    {"riyadh", "Asia/Riyadh"}, {"saudi arabia", "Asia/Riyadh"}, {"tehran", "Asia/Tehran"},
    {"iran", "Asia/Tehran"}, {"karachi", "Asia/Karachi"}, {"pakistan", "Asia/Karachi"},
    {"delhi", "Asia/Kolkata"}, {"new delhi", "Asia/Kolkata"}, {"mumbai", "Asia/Kolkata"},
    {"india", "Asia/Kolkata"}, {"bangalore", "Asia/Kolkata"}, {"calcutta", "Asia/Kolkata"},
    {"dhaka", "Asia/Dhaka"}, {"bangladesh", "Asia/Dhaka"}, {"kathmandu", "Asia/Kathmandu"},
    {"nepal", "Asia/Kathmandu"}, {"bangkok", "Asia/Bangkok"}, {"thailand", "Asia/Bangkok"},
    {"hanoi", "Asia/Ho_Chi_Minh"}, {"vietnam", "Asia/Ho_Chi_Minh"}, {"jakarta", "Asia/Jakarta"},
    {"indonesia", "Asia/Jakarta"}, {"singapore", "Asia/Singapore"}, {"kuala lumpur", "Asia/Kuala_Lumpur"},
    {"malaysia", "Asia/Kuala_Lumpur"}, {"manila", "Asia/Manila"}, {"the philippines", "Asia/Manila"},
    {"philippines", "Asia/Manila"}, {"hong kong", "Asia/Hong_Kong"}, {"beijing", "Asia/Shanghai"},
    {"shanghai", "Asia/Shanghai"}, {"china", "Asia/Shanghai"}, {"taipei", "Asia/Taipei"},
    {"taiwan", "Asia/Taipei"}, {"seoul", "Asia/Seoul"}, {"korea", "Asia/Seoul"},
    {"south korea", "Asia/Seoul"}, {"tokyo", "Asia/Tokyo"}, {"japan", "Asia/Tokyo"},
    {"osaka", "Asia/Tokyo"}, {"perth", "Australia/Perth"}, {"adelaide", "Australia/Adelaide"},
    {"brisbane", "Australia/Brisbane"}, {"sydney", "Australia/Sydney"}, {"melbourne", "Australia/Melbourne"},
    {"canberra", "Australia/Sydney"}, {"australia", "Australia/Sydney"}, {"auckland", "Pacific/Auckland"},
    {"wellington", "Pacific/Auckland"}, {"new zealand", "Pacific/Auckland"}, {"fiji", "Pacific/Fiji"},
    {"utc", "UTC"}, {"greenwich", "UTC"},
};

const char *zone_of_place(const char *place)
{
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        if (strcasecmp(places[i].name, place) == 0)
            return places[i].zone;
    }
    return NULL;
}
