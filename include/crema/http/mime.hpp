// Media types of files: from an extension to its type, and back, with the usual charset.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <string>
#include <string_view>

namespace crema::http {

/** Return the media type for an extension, a file name or a path, without a charset.

    @param path `"html"`, `".html"`, `"index.html"` or `"/a/index.html"`, in any case.
    @return The type, which lives forever; empty when the extension is not known or there is none.

    @par Complexity
    Logarithmic in the number of known extensions, about 1200.
*/
CREMA_DECL std::string_view mime_type(std::string_view path) noexcept;

/** Return the usual extension for a media type, without a point.

    @param type A type; parameters are ignored.
    @return The extension, which lives forever; empty when the type is not known.

    @par Complexity
    Linear in the number of known extensions.
*/
CREMA_DECL std::string_view mime_extension(std::string_view type) noexcept;

/// Returns the usual charset of a type: `UTF-8` for text and what is defined so, empty where there is none; it lives
/// forever.
CREMA_DECL std::string_view mime_charset(std::string_view type) noexcept;

/** Return the value for a Content-Type field: the type of an extension, or the given type, with its usual charset.

    @return `"text/html; charset=utf-8"` for `"html"`; empty when the extension is not known.
*/
CREMA_DECL std::string content_type_of(std::string_view extension_or_type);

/// Tells whether bodies of this type usually become smaller when they are compressed.
CREMA_DECL bool is_compressible(std::string_view type) noexcept;

} // namespace crema::http

#if CREMA_BODIES
#include <crema/core/text.hpp>
#include <algorithm>

namespace crema::http {
namespace detail {

// Lines "extension type", sorted by extension. A line that ends in "-" is not what the type's usual extension is.
// One literal, searched as text, costs neither compile time nor start-up time.
inline constexpr std::string_view mime_lines =
    "123 application/vnd.lotus-1-2-3\n1km application/vnd.1000minds.decision-model+xml\n210 model/step-\n"
    "3dml text/vnd.in3d.3dml\n3ds image/x-3ds\n3g2 video/3gpp2\n3gp video/3gpp\n3gpp video/3gpp-\n3mf model/3mf\n"
    "7z application/x-7z-compressed\naab application/x-authorware-bin\naac audio/aac-\n"
    "aam application/x-authorware-map\naas application/x-authorware-seg\nabw application/x-abiword\n"
    "ac application/pkix-attr-cert\nacc application/vnd.americandynamics.acc\nace application/x-ace-compressed\n"
    "acu application/vnd.acucobol\nacutc application/vnd.acucorp-\nadp audio/adpcm\nadts audio/aac\n"
    "aep application/vnd.audiograph\nafm application/x-font-type1-\nafp application/vnd.ibm.modcap\n"
    "age application/vnd.age\nahead application/vnd.ahead.space\nai application/postscript\naif audio/x-aiff\n"
    "aifc audio/x-aiff-\naiff audio/x-aiff-\nair application/vnd.adobe.air-application-installer-package+zip\n"
    "ait application/vnd.dvb.ait\nami application/vnd.amiga.ami\naml application/automationml-aml+xml\n"
    "amlx application/automationml-amlx+zip\namr audio/amr\napk application/vnd.android.package-archive\n"
    "apng image/apng\nappcache text/cache-manifest\nappinstaller application/appinstaller\n"
    "application application/x-ms-application\nappx application/appx\nappxbundle application/appxbundle\n"
    "apr application/vnd.lotus-approach\narc application/x-freearc\narj application/x-arj\nasc application/pgp-keys\n"
    "asf video/x-ms-asf\nasm text/x-asm-\naso application/vnd.accpac.simply.aso\nasx video/x-ms-asf-\n"
    "atc application/vnd.acucorp\natom application/atom+xml\natomcat application/atomcat+xml\n"
    "atomdeleted application/atomdeleted+xml\natomsvc application/atomsvc+xml\n"
    "atx application/vnd.antix.game-component\nau audio/basic\navci image/avci\navcs image/avcs\n"
    "avi video/x-msvideo\navif image/avif\naw application/applixware\nazf application/vnd.airzip.filesecure.azf\n"
    "azs application/vnd.airzip.filesecure.azs\nazv image/vnd.airzip.accelerator.azv\n"
    "azw application/vnd.amazon.ebook\nb16 image/vnd.pco.b16\nbary model/vnd.bary\nbat application/x-msdownload-\n"
    "bcpio application/x-bcpio\nbdf application/x-font-bdf\nbdm application/vnd.syncml.dm+wbxml\n"
    "bdo application/vnd.nato.bindingdataobject+xml\nbdoc application/bdoc\nbed application/vnd.realvnc.bed\n"
    "bh2 application/vnd.fujitsu.oasysprs\nbin application/octet-stream\nblb application/x-blorb\n"
    "blend application/x-blender\nblorb application/x-blorb-\nbmi application/vnd.bmi\n"
    "bmml application/vnd.balsamiq.bmml+xml\nbmp image/bmp\nbook application/vnd.framemaker-\n"
    "box application/vnd.previewsystems.box\nboz application/x-bzip2-\nbpk application/octet-stream-\n"
    "brush application/vnd.procreate.brush\nbrushset application/vnd.procrate.brushset\n"
    "bsp model/vnd.valve.source.compiled-map\nbtf image/prs.btif-\nbtif image/prs.btif\n"
    "buffer application/octet-stream-\nbz application/x-bzip\nbz2 application/x-bzip2\nc text/x-c\n"
    "c11amc application/vnd.cluetrust.cartomobile-config\nc11amz application/vnd.cluetrust.cartomobile-config-pkg\n"
    "c4d application/vnd.clonk.c4group-\nc4f application/vnd.clonk.c4group-\nc4g application/vnd.clonk.c4group\n"
    "c4p application/vnd.clonk.c4group-\nc4u application/vnd.clonk.c4group-\ncab application/vnd.ms-cab-compressed\n"
    "caf audio/x-caf\ncap application/vnd.tcpdump.pcap-\ncar application/vnd.curl.car\n"
    "cat application/vnd.ms-pki.seccat\ncb7 application/x-cbr-\ncba application/x-cbr-\ncbr application/x-cbr\n"
    "cbt application/x-cbr-\ncbz application/x-cbr-\ncc text/x-c-\ncco application/x-cocoa\n"
    "cct application/x-director-\nccxml application/ccxml+xml\ncdbcmsg application/vnd.contact.cmsg\n"
    "cdf application/x-netcdf-\ncdfx application/cdfx+xml\ncdkey application/vnd.mediastation.cdkey\n"
    "cdmia application/cdmi-capability\ncdmic application/cdmi-container\ncdmid application/cdmi-domain\n"
    "cdmio application/cdmi-object\ncdmiq application/cdmi-queue\ncdx chemical/x-cdx\n"
    "cdxml application/vnd.chemdraw+xml\ncdy application/vnd.cinderella\ncer application/pkix-cert\n"
    "cfs application/x-cfs-compressed\ncgm image/cgm\nchat application/x-chat\nchm application/vnd.ms-htmlhelp\n"
    "chrt application/vnd.kde.kchart\ncif chemical/x-cif\n"
    "cii application/vnd.anser-web-certificate-issue-initiation\ncil application/vnd.ms-artgalry\n"
    "cjs application/node\ncla application/vnd.claymore\nclass application/java-vm\ncld model/vnd.cld\n"
    "clkk application/vnd.crick.clicker.keyboard\nclkp application/vnd.crick.clicker.palette\n"
    "clkt application/vnd.crick.clicker.template\nclkw application/vnd.crick.clicker.wordbank\n"
    "clkx application/vnd.crick.clicker\nclp application/x-msclip\ncmc application/vnd.cosmocaller\n"
    "cmdf chemical/x-cmdf\ncml chemical/x-cml\ncmp application/vnd.yellowriver-custom-menu\ncmx image/x-cmx\n"
    "cod application/vnd.rim.cod\ncoffee text/coffeescript\ncom application/x-msdownload-\nconf text/plain-\n"
    "cpio application/x-cpio\ncpl application/cpl+xml\ncpp text/x-c-\ncpt application/mac-compactpro\n"
    "crd application/x-mscardfile\ncrl application/pkix-crl\ncrt application/x-x509-ca-cert-\n"
    "crx application/x-chrome-extension\ncryptonote application/vnd.rig.cryptonote\ncsh application/x-csh\n"
    "csl application/vnd.citationstyles.style+xml\ncsml chemical/x-csml\ncsp application/vnd.commonspace\n"
    "css text/css\ncst application/x-director-\ncsv text/csv\ncu application/cu-seeme\ncurl text/vnd.curl\n"
    "cwl application/cwl\ncww application/prs.cww\ncxt application/x-director-\ncxx text/x-c-\n"
    "dae model/vnd.collada+xml\ndaf application/vnd.mobius.daf\ndart application/vnd.dart\n"
    "dataless application/vnd.fdsn.seed-\ndavmount application/davmount+xml\ndbf application/vnd.dbf\n"
    "dbk application/docbook+xml\ndcm application/dicom\ndcmp application/vnd.dcmp+xml\ndcr application/x-director-\n"
    "dcurl text/vnd.curl.dcurl\ndd2 application/vnd.oma.dd2+xml\nddd application/vnd.fujixerox.ddd\n"
    "ddf application/vnd.syncml.dmddf+xml\ndds image/vnd.ms-dds\ndeb application/x-debian-package\ndef text/plain-\n"
    "deploy application/octet-stream-\nder application/x-x509-ca-cert\ndfac application/vnd.dreamfactory\n"
    "dgc application/x-dgc-compressed\ndib image/bmp-\ndic text/x-c-\ndir application/x-director\n"
    "dis application/vnd.mobius.dis\ndisposition-notification message/disposition-notification\n"
    "dist application/octet-stream-\ndistz application/octet-stream-\ndjv image/vnd.djvu-\ndjvu image/vnd.djvu\n"
    "dll application/x-msdownload-\ndmg application/x-apple-diskimage\ndmp application/vnd.tcpdump.pcap-\n"
    "dms application/octet-stream-\ndna application/vnd.dna\ndng image/x-adobe-dng\ndoc application/msword\n"
    "docm application/vnd.ms-word.document.macroenabled.12\n"
    "docx application/vnd.openxmlformats-officedocument.wordprocessingml.document\ndot application/msword-\n"
    "dotm application/vnd.ms-word.template.macroenabled.12\n"
    "dotx application/vnd.openxmlformats-officedocument.wordprocessingml.template\ndp application/vnd.osgi.dp\n"
    "dpg application/vnd.dpgraph\ndpx image/dpx\ndra audio/vnd.dra\ndrle image/dicom-rle\n"
    "drm application/vnd.procreate.dream\ndsc text/prs.lines.tag\ndssc application/dssc+der\n"
    "dtb application/x-dtbook+xml\ndtd application/xml-dtd\ndts audio/vnd.dts\ndtshd audio/vnd.dts.hd\n"
    "dump application/octet-stream-\ndvb video/vnd.dvb.file\ndvi application/x-dvi\ndwd application/atsc-dwd+xml\n"
    "dwf model/vnd.dwf\ndwg image/vnd.dwg\ndxf image/vnd.dxf\ndxp application/vnd.spotfire.dxp\n"
    "dxr application/x-director-\near application/java-archive-\necelp4800 audio/vnd.nuera.ecelp4800\n"
    "ecelp7470 audio/vnd.nuera.ecelp7470\necelp9600 audio/vnd.nuera.ecelp9600\necma application/ecmascript\n"
    "edm application/vnd.novadigm.edm\nedx application/vnd.novadigm.edx\nefif application/vnd.picsel\n"
    "ei6 application/vnd.pg.osasli\nelc application/octet-stream-\nemf image/emf\neml message/rfc822\n"
    "emma application/emma+xml\nemotionml application/emotionml+xml\nemz application/x-msmetafile-\n"
    "eol audio/vnd.digital-winds\neot application/vnd.ms-fontobject\neps application/postscript-\n"
    "epub application/epub+zip\nes3 application/vnd.eszigno3+xml\nesa application/vnd.osgi.subsystem\n"
    "esf application/vnd.epson.esf\net3 application/vnd.eszigno3+xml-\netx text/x-setext\neva application/x-eva\n"
    "evy application/x-envoy\nexe application/x-msdos-program\nexi application/exi\nexp application/express\n"
    "exr image/aces\next application/vnd.novadigm.ext\nez application/andrew-inset\nez2 application/vnd.ezpix-album\n"
    "ez3 application/vnd.ezpix-package\nf text/x-fortran\nf4v video/x-f4v\nf77 text/x-fortran-\nf90 text/x-fortran-\n"
    "fbs image/vnd.fastbidsheet\nfbx application/vnd.autodesk.fbx\nfcdt application/vnd.adobe.formscentral.fcdt\n"
    "fcs application/vnd.isac.fcs\nfdf application/fdf\nfdt application/fdt+xml\n"
    "fe_launch application/vnd.denovo.fcselayout-link\nfg5 application/vnd.fujitsu.oasysgp\n"
    "fgd application/x-director-\nfh image/x-freehand\nfh4 image/x-freehand-\nfh5 image/x-freehand-\n"
    "fh7 image/x-freehand-\nfhc image/x-freehand-\nfig application/x-xfig\nfits image/fits\nflac audio/x-flac\n"
    "fli video/x-fli\nflo application/vnd.micrografx.flo\nflv video/x-flv\nflw application/vnd.kde.kivio\n"
    "flx text/vnd.fmi.flexstor\nfly text/vnd.fly\nfm application/vnd.framemaker\nfnc application/vnd.frogans.fnc\n"
    "fo application/vnd.software602.filler.form+xml\nfor text/x-fortran-\nfpx image/vnd.fpx\n"
    "frame application/vnd.framemaker-\nfsc application/vnd.fsc.weblaunch\nfst image/vnd.fst\n"
    "ftc application/vnd.fluxtime.clip\nfti application/vnd.anser-web-funds-transfer-initiation\nfvt video/vnd.fvt\n"
    "fxp application/vnd.adobe.fxp\nfxpl application/vnd.adobe.fxp-\nfzs application/vnd.fuzzysheet\n"
    "g2w application/vnd.geoplan\ng3 image/g3fax\ng3w application/vnd.geospace\ngac application/vnd.groove-account\n"
    "gam application/x-tads\ngbr application/rpki-ghostbusters\ngca application/x-gca-compressed\ngdl model/vnd.gdl\n"
    "gdoc application/vnd.google-apps.document\ngdraw application/vnd.google-apps.drawing\n"
    "ged text/vnd.familysearch.gedcom\ngeo application/vnd.dynageo\ngeojson application/geo+json\n"
    "gex application/vnd.geometry-explorer\ngform application/vnd.google-apps.form\n"
    "ggb application/vnd.geogebra.file\nggs application/vnd.geogebra.slides\nggt application/vnd.geogebra.tool\n"
    "ghf application/vnd.groove-help\ngif image/gif\ngim application/vnd.groove-identity-message\n"
    "gjam application/vnd.google-apps.jam\nglb model/gltf-binary\ngltf model/gltf+json\n"
    "gmap application/vnd.google-apps.map\ngml application/gml+xml\ngmx application/vnd.gmx\n"
    "gnumeric application/x-gnumeric\ngph application/vnd.flographit\ngpx application/gpx+xml\n"
    "gqf application/vnd.grafeq\ngqs application/vnd.grafeq-\ngram application/srgs\n"
    "gramps application/x-gramps-xml\ngre application/vnd.geometry-explorer-\ngrv application/vnd.groove-injector\n"
    "grxml application/srgs+xml\ngscript application/vnd.google-apps.script\ngsf application/x-font-ghostscript\n"
    "gsheet application/vnd.google-apps.spreadsheet\ngsite application/vnd.google-apps.site\n"
    "gslides application/vnd.google-apps.presentation\ngtar application/x-gtar\n"
    "gtm application/vnd.groove-tool-message\ngtw model/vnd.gtw\ngv text/vnd.graphviz\ngxf application/gxf\n"
    "gxt application/vnd.geonext\ngz application/gzip\nh text/x-c-\nh261 video/h261\nh263 video/h263\n"
    "h264 video/h264\nhal application/vnd.hal+xml\nhbci application/vnd.hbci\nhbs text/x-handlebars-template\n"
    "hdd application/x-virtualbox-hdd\nhdf application/x-hdf\nheic image/heic\nheics image/heic-sequence\n"
    "heif image/heif\nheifs image/heif-sequence\nhej2 image/hej2k\nheld application/atsc-held+xml\nhh text/x-c-\n"
    "hjson application/hjson\nhlp application/winhlp\nhpgl application/vnd.hp-hpgl\nhpid application/vnd.hp-hpid\n"
    "hps application/vnd.hp-hps\nhqx application/mac-binhex40\nhtc text/x-component\n"
    "htke application/vnd.kenameaapp\nhtm text/html-\nhtml text/html\nhvd application/vnd.yamaha.hv-dic\n"
    "hvp application/vnd.yamaha.hv-voice\nhvs application/vnd.yamaha.hv-script\ni2g application/vnd.intergeo\n"
    "icc application/vnd.iccprofile\nice x-conference/x-cooltalk\nicm application/vnd.iccprofile-\n"
    "ico image/vnd.microsoft.icon\nics text/calendar\nief image/ief\nifb text/calendar-\n"
    "ifm application/vnd.shana.informed.formdata\niges model/iges-\nigl application/vnd.igloader\n"
    "igm application/vnd.insors.igm\nigs model/iges\nigx application/vnd.micrografx.igx\n"
    "iif application/vnd.shana.informed.interchange\nimg application/octet-stream-\n"
    "imp application/vnd.accpac.simply.imp\nims application/vnd.ms-ims\nin text/plain-\nini text/plain-\n"
    "ink application/inkml+xml\ninkml application/inkml+xml-\ninstall application/x-install-instructions\n"
    "iota application/vnd.astraea-software.iota\nipfix application/ipfix\n"
    "ipk application/vnd.shana.informed.package\nipynb application/x-ipynb+json\n"
    "irm application/vnd.ibm.rights-management\nirp application/vnd.irepository.package+xml\n"
    "iso application/x-iso9660-image\nitp application/vnd.shana.informed.formtemplate\nits application/its+xml\n"
    "ivp application/vnd.immervision-ivp\nivu application/vnd.immervision-ivu\njad text/vnd.sun.j2me.app-descriptor\n"
    "jade text/jade\njaii image/jaii\njais image/jais\njam application/vnd.jam\njar application/java-archive\n"
    "jardiff application/x-java-archive-diff\njava text/x-java-source\njfif image/pjpeg\njhc image/jphc\n"
    "jisp application/vnd.jisp\njls image/jls\njlt application/vnd.hp-jlyt\njng image/x-jng\n"
    "jnlp application/x-java-jnlp-file\njoda application/vnd.joost.joda-archive\njp2 image/jp2\njpe image/jpeg-\n"
    "jpeg image/jpeg-\njpf image/jpx-\njpg image/jpeg\njpg2 image/jp2-\njpgm image/jpm-\njpgv video/jpeg\n"
    "jph image/jph\njpm image/jpm\njpx image/jpx\njs text/javascript\njson application/json\n"
    "json5 application/json5\njsonld application/ld+json\njsonml application/jsonml+json\njsx text/jsx\njt model/jt\n"
    "jxl image/jxl\njxr image/jxr\njxra image/jxra\njxrs image/jxrs\njxs image/jxs\njxsc image/jxsc\n"
    "jxsi image/jxsi\njxss image/jxss\nkar audio/midi-\nkarbon application/vnd.kde.karbon\n"
    "kdbx application/x-keepass2\nkey application/vnd.apple.keynote\nkfo application/vnd.kde.kformula\n"
    "kia application/vnd.kidspiration\nkml application/vnd.google-earth.kml+xml\n"
    "kmz application/vnd.google-earth.kmz\nkne application/vnd.kinar\nknp application/vnd.kinar-\n"
    "kon application/vnd.kde.kontour\nkpr application/vnd.kde.kpresenter\nkpt application/vnd.kde.kpresenter-\n"
    "kpxx application/vnd.ds-keypoint\nksp application/vnd.kde.kspread\nktr application/vnd.kahootz-\nktx image/ktx\n"
    "ktx2 image/ktx2\nktz application/vnd.kahootz\nkwd application/vnd.kde.kword\nkwt application/vnd.kde.kword-\n"
    "lasxml application/vnd.las.las+xml\nlatex application/x-latex\n"
    "lbd application/vnd.llamagraphics.life-balance.desktop\n"
    "lbe application/vnd.llamagraphics.life-balance.exchange+xml\nles application/vnd.hhe.lesson-player\n"
    "less text/less\nlgr application/lgr+xml\nlha application/x-lzh-compressed-\n"
    "link66 application/vnd.route66.link66+xml\nlist text/plain-\nlist3820 application/vnd.ibm.modcap-\n"
    "listafp application/vnd.ibm.modcap-\nlitcoffee text/coffeescript-\nlnk application/x-ms-shortcut\n"
    "log text/plain-\nlostxml application/lost+xml\nlottie application/zip+dotlottie\nlrf application/octet-stream-\n"
    "lrm application/vnd.ms-lrm\nltf application/vnd.frogans.ltf\nlua text/x-lua\nluac application/x-lua-bytecode\n"
    "lvp audio/vnd.lucent.voice\nlwp application/vnd.lotus-wordpro\nlzh application/x-lzh-compressed\n"
    "m13 application/x-msmediaview-\nm14 application/x-msmediaview-\nm1v video/mpeg-\nm21 application/mp21\n"
    "m2a audio/mpeg-\nm2t video/mp2t-\nm2ts video/mp2t-\nm2v video/mpeg-\nm3a audio/mpeg-\nm3u audio/x-mpegurl\n"
    "m3u8 application/vnd.apple.mpegurl\nm4a audio/mp4\nm4b audio/mp4-\nm4p application/mp4-\nm4s video/iso.segment\n"
    "m4u video/vnd.mpegurl-\nm4v video/x-m4v\nma application/mathematica\nmads application/mads+xml\n"
    "maei application/mmt-aei+xml\nmag application/vnd.ecowin.chart\nmaker application/vnd.framemaker-\n"
    "man text/troff-\nmanifest text/cache-manifest-\nmap application/json-\nmar application/octet-stream-\n"
    "markdown text/markdown-\nmathml application/mathml+xml\nmb application/mathematica-\n"
    "mbk application/vnd.mobius.mbk\nmbox application/mbox\nmc1 application/vnd.medcalcdata\n"
    "mcd application/vnd.mcd\nmcurl text/vnd.curl.mcurl\nmd text/markdown\nmdb application/x-msaccess\n"
    "mdi image/vnd.ms-modi\nmdx text/mdx\nme text/troff-\nmesh model/mesh-\nmeta4 application/metalink4+xml\n"
    "metalink application/metalink+xml\nmets application/mets+xml\nmfm application/vnd.mfmp\n"
    "mft application/rpki-manifest\nmgp application/vnd.osgeo.mapguide.package\n"
    "mgz application/vnd.proteus.magazine\nmht message/rfc822-\nmhtml message/rfc822-\nmid audio/midi\n"
    "midi audio/midi-\nmie application/x-mie\nmif application/vnd.mif\nmime message/rfc822-\nmj2 video/mj2\n"
    "mjp2 video/mj2-\nmjs text/javascript-\nmk3d video/x-matroska-\nmka audio/x-matroska\nmkd text/x-markdown\n"
    "mks video/x-matroska-\nmkv video/x-matroska\nmlp application/vnd.dolby.mlp\n"
    "mmd application/vnd.chipnuts.karaoke-mmd\nmmf application/vnd.smaf\nmml text/mathml\n"
    "mmr image/vnd.fujixerox.edmics-mmr\nmng video/x-mng\nmny application/x-msmoney\n"
    "mobi application/x-mobipocket-ebook-\nmods application/mods+xml\nmov video/quicktime-\nmovie video/x-sgi-movie\n"
    "mp2 audio/mpeg-\nmp21 application/mp21-\nmp2a audio/mpeg-\nmp3 audio/mpeg-\nmp4 video/mp4\nmp4a audio/mp4-\n"
    "mp4s application/mp4-\nmp4v video/mp4-\nmpc application/vnd.mophun.certificate\nmpd application/dash+xml\n"
    "mpe video/mpeg-\nmpeg video/mpeg\nmpf application/media-policy-dataset+xml\nmpg video/mpeg-\nmpg4 video/mp4-\n"
    "mpga audio/mpeg\nmpkg application/vnd.apple.installer+xml\nmpm application/vnd.blueice.multipass\n"
    "mpn application/vnd.mophun.application\nmpp application/dash-patch+xml\nmpt application/vnd.ms-project-\n"
    "mpy application/vnd.ibm.minipay\nmqy application/vnd.mobius.mqy\nmrc application/marc\n"
    "mrcx application/marcxml+xml\nms text/troff-\nmscml application/mediaservercontrol+xml\n"
    "mseed application/vnd.fdsn.mseed\nmseq application/vnd.mseq\nmsf application/vnd.epson.msf\n"
    "msg application/vnd.ms-outlook\nmsh model/mesh\nmsi application/x-msdownload-\nmsix application/msix\n"
    "msixbundle application/msixbundle\nmsl application/vnd.mobius.msl\nmsm application/octet-stream-\n"
    "msp application/octet-stream-\nmsty application/vnd.muvee.style\nmtl model/mtl\nmts video/mp2t-\n"
    "mus application/vnd.musician\nmusd application/mmt-usd+xml\nmusicxml application/vnd.recordare.musicxml+xml\n"
    "mvb application/x-msmediaview\nmvt application/vnd.mapbox-vector-tile\nmwf application/vnd.mfer\n"
    "mxf application/mxf\nmxl application/vnd.recordare.musicxml\nmxmf audio/mobile-xmf\nmxml application/xv+xml\n"
    "mxs application/vnd.triscape.mxs\nmxu video/vnd.mpegurl\nn-gage application/vnd.nokia.n-gage.symbian.install\n"
    "n3 text/n3\nnb application/mathematica-\nnbp application/vnd.wolfram.player\nnc application/x-netcdf\n"
    "ncx application/x-dtbncx+xml\nnfo text/x-nfo\nngdat application/vnd.nokia.n-gage.data\n"
    "nitf application/vnd.nitf-\nnlu application/vnd.neurolanguage.nlu\nnml application/vnd.enliven\n"
    "nnd application/vnd.noblenet-directory\nnns application/vnd.noblenet-sealer\nnnw application/vnd.noblenet-web\n"
    "npx image/vnd.net-fpx\nnq application/n-quads\nnsc application/x-conference\nnsf application/vnd.lotus-notes\n"
    "nt application/n-triples\nntf application/vnd.nitf\nnumbers application/vnd.apple.numbers\n"
    "nzb application/x-nzb\noa2 application/vnd.fujitsu.oasys2\noa3 application/vnd.fujitsu.oasys3\n"
    "oas application/vnd.fujitsu.oasys\nobd application/x-msbinder\nobgx application/vnd.openblox.game+xml\n"
    "obj model/obj\noda application/oda\nodb application/vnd.oasis.opendocument.database\n"
    "odc application/vnd.oasis.opendocument.chart\nodf application/vnd.oasis.opendocument.formula\n"
    "odft application/vnd.oasis.opendocument.formula-template\nodg application/vnd.oasis.opendocument.graphics\n"
    "odi application/vnd.oasis.opendocument.image\nodm application/vnd.oasis.opendocument.text-master\n"
    "odp application/vnd.oasis.opendocument.presentation\nods application/vnd.oasis.opendocument.spreadsheet\n"
    "odt application/vnd.oasis.opendocument.text\noga audio/ogg\nogex model/vnd.opengex\nogg audio/ogg-\n"
    "ogv video/ogg\nogx application/ogg\nomdoc application/omdoc+xml\none application/onenote-\n"
    "onea application/onenote-\nonepkg application/onenote-\nonetmp application/onenote-\n"
    "onetoc application/onenote\nonetoc2 application/onenote-\nopf application/oebps-package+xml\nopml text/x-opml\n"
    "oprc application/vnd.palm-\nopus audio/ogg-\norg application/vnd.lotus-organizer\n"
    "osf application/vnd.yamaha.openscoreformat\nosfpvg application/vnd.yamaha.openscoreformat.osfpvg+xml\n"
    "osm application/vnd.openstreetmap.data+xml\notc application/vnd.oasis.opendocument.chart-template\n"
    "otf font/otf\notg application/vnd.oasis.opendocument.graphics-template\n"
    "oth application/vnd.oasis.opendocument.text-web\noti application/vnd.oasis.opendocument.image-template\n"
    "otp application/vnd.oasis.opendocument.presentation-template\n"
    "ots application/vnd.oasis.opendocument.spreadsheet-template\n"
    "ott application/vnd.oasis.opendocument.text-template\nova application/x-virtualbox-ova\n"
    "ovf application/x-virtualbox-ovf\nowl application/rdf+xml-\noxps application/oxps\n"
    "oxt application/vnd.openofficeorg.extension\np text/x-pascal\np10 application/pkcs10\np12 application/x-pkcs12\n"
    "p21 model/step-\np7b application/x-pkcs7-certificates\np7c application/pkcs7-mime-\np7m application/pkcs7-mime\n"
    "p7r application/x-pkcs7-certreqresp\np7s application/pkcs7-signature\np8 application/pkcs8\n"
    "pac application/x-ns-proxy-autoconfig\npages application/vnd.apple.pages\npas text/x-pascal-\n"
    "paw application/vnd.pawaafile\npbd application/vnd.powerbuilder6\npbm image/x-portable-bitmap\n"
    "pcap application/vnd.tcpdump.pcap\npcf application/x-font-pcf\npcl application/vnd.hp-pcl\n"
    "pclxl application/vnd.hp-pclxl\npct image/x-pict-\npcurl application/vnd.curl.pcurl\npcx image/vnd.zbrush.pcx\n"
    "pdb application/vnd.palm\npde text/x-processing\npdf application/pdf\npem application/x-x509-ca-cert-\n"
    "pfa application/x-font-type1\npfb application/x-font-type1-\npfm application/x-font-type1-\n"
    "pfr application/font-tdpfr\npfx application/x-pkcs12-\npgm image/x-portable-graymap\n"
    "pgn application/x-chess-pgn\npgp application/pgp-encrypted\nphp application/x-httpd-php\npic image/x-pict\n"
    "pkg application/octet-stream-\npki application/pkixcmp\npkipath application/pkix-pkipath\n"
    "pkpass application/vnd.apple.pkpass\npl application/x-perl\nplb application/vnd.3gpp.pic-bw-large\n"
    "plc application/vnd.mobius.plc\nplf application/vnd.pocketlearn\npls application/pls+xml\n"
    "pm application/x-perl-\npml application/vnd.ctc-posml\npng image/png\npnm image/x-portable-anymap\n"
    "portpkg application/vnd.macports.portpkg\npot application/vnd.ms-powerpoint-\n"
    "potm application/vnd.ms-powerpoint.template.macroenabled.12\n"
    "potx application/vnd.openxmlformats-officedocument.presentationml.template\n"
    "ppam application/vnd.ms-powerpoint.addin.macroenabled.12\nppd application/vnd.cups-ppd\n"
    "ppm image/x-portable-pixmap\npps application/vnd.ms-powerpoint-\n"
    "ppsm application/vnd.ms-powerpoint.slideshow.macroenabled.12\n"
    "ppsx application/vnd.openxmlformats-officedocument.presentationml.slideshow\nppt application/vnd.ms-powerpoint\n"
    "pptm application/vnd.ms-powerpoint.presentation.macroenabled.12\n"
    "pptx application/vnd.openxmlformats-officedocument.presentationml.presentation\npqa application/vnd.palm-\n"
    "prc model/prc\npre application/vnd.lotus-freelance\nprf application/pics-rules\n"
    "provx application/provenance+xml\nps application/postscript-\npsb application/vnd.3gpp.pic-bw-small\n"
    "psd image/vnd.adobe.photoshop\npsf application/x-font-linux-psf\npskcxml application/pskc+xml\n"
    "pti image/prs.pti\nptid application/vnd.pvi.ptid1\npub application/x-mspublisher\n"
    "pvb application/vnd.3gpp.pic-bw-var\npwn application/vnd.3m.post-it-notes\n"
    "pya audio/vnd.ms-playready.media.pya\npyo model/vnd.pytha.pyox\npyox model/vnd.pytha.pyox-\n"
    "pyv video/vnd.ms-playready.media.pyv\nqam application/vnd.epson.quickanime\nqbo application/vnd.intu.qbo\n"
    "qfx application/vnd.intu.qfx\nqps application/vnd.publishare-delta-tree\nqt video/quicktime\n"
    "qwd application/vnd.quark.quarkxpress-\nqwt application/vnd.quark.quarkxpress-\n"
    "qxb application/vnd.quark.quarkxpress-\nqxd application/vnd.quark.quarkxpress\n"
    "qxl application/vnd.quark.quarkxpress-\nqxt application/vnd.quark.quarkxpress-\nra audio/x-pn-realaudio-\n"
    "ram audio/x-pn-realaudio\nraml application/raml+yaml\nrapd application/route-apd+xml\nrar application/vnd.rar\n"
    "ras image/x-cmu-raster\nrcprofile application/vnd.ipunplugged.rcprofile\nrdf application/rdf+xml\n"
    "rdz application/vnd.data-vision.rdz\nrelo application/p2p-overlay+xml\nrep application/vnd.businessobjects\n"
    "res application/x-dtbresource+xml\nrgb image/x-rgb\nrif application/reginfo+xml\nrip audio/vnd.rip\n"
    "ris application/x-research-info-systems\nrl application/resource-lists+xml\nrlc image/vnd.fujixerox.edmics-rlc\n"
    "rld application/resource-lists-diff+xml\nrm application/vnd.rn-realmedia\nrmi audio/midi-\n"
    "rmp audio/x-pn-realaudio-plugin\nrms application/vnd.jcp.javame.midlet-rms\n"
    "rmvb application/vnd.rn-realmedia-vbr\nrnc application/relax-ng-compact-syntax\nrng application/xml-\n"
    "roa application/rpki-roa\nroff text/troff-\nrp9 application/vnd.cloanto.rp9\n"
    "rpm application/x-redhat-package-manager\nrpss application/vnd.nokia.radio-presets\n"
    "rpst application/vnd.nokia.radio-preset\nrq application/sparql-query\nrs application/rls-services+xml\n"
    "rsat application/atsc-rsat+xml\nrsd application/rsd+xml\nrsheet application/urc-ressheet+xml\n"
    "rss application/rss+xml\nrtf application/rtf\nrtx text/richtext\nrun application/x-makeself\n"
    "rusd application/route-usd+xml\ns text/x-asm\ns3m audio/s3m\nsaf application/vnd.yamaha.smaf-audio\n"
    "sass text/x-sass\nsbml application/sbml+xml\nsc application/vnd.ibm.secure-container\n"
    "scd application/x-msschedule\nscm application/vnd.lotus-screencam\nscq application/scvp-cv-request\n"
    "scs application/scvp-cv-response\nscss text/x-scss\nscurl text/vnd.curl.scurl\n"
    "sda application/vnd.stardivision.draw\nsdc application/vnd.stardivision.calc\n"
    "sdd application/vnd.stardivision.impress\nsdkd application/vnd.solent.sdkm+xml-\n"
    "sdkm application/vnd.solent.sdkm+xml\nsdp application/sdp\nsdw application/vnd.stardivision.writer\n"
    "sea application/x-sea\nsee application/vnd.seemail\nseed application/vnd.fdsn.seed\nsema application/vnd.sema\n"
    "semd application/vnd.semd\nsemf application/vnd.semf\nsenmlx application/senml+xml\n"
    "sensmlx application/sensml+xml\nser application/java-serialized-object\n"
    "setpay application/set-payment-initiation\nsetreg application/set-registration-initiation\n"
    "sfd-hdstx application/vnd.hydrostatix.sof-data\nsfs application/vnd.spotfire.sfs\nsfv text/x-sfv\n"
    "sgi image/sgi\nsgl application/vnd.stardivision.writer-global\nsgm text/sgml-\nsgml text/sgml\n"
    "sh application/x-sh\nshar application/x-shar\nshex text/shex\nshf application/shf+xml\nshtml text/html-\n"
    "sid image/x-mrsid-image\nsieve application/sieve-\nsig application/pgp-signature\nsil audio/silk\n"
    "silo model/mesh-\nsis application/vnd.symbian.install\nsisx application/vnd.symbian.install-\n"
    "sit application/x-stuffit\nsitx application/x-stuffitx\nsiv application/sieve\nskd application/vnd.koan-\n"
    "skm application/vnd.koan-\nskp application/vnd.koan\nskt application/vnd.koan-\n"
    "sldm application/vnd.ms-powerpoint.slide.macroenabled.12\n"
    "sldx application/vnd.openxmlformats-officedocument.presentationml.slide\nslim text/slim\nslm text/slim-\n"
    "sls application/route-s-tsid+xml\nslt application/vnd.epson.salt\nsm application/vnd.stepmania.stepchart\n"
    "smf application/vnd.stardivision.math\nsmi application/smil+xml\nsmil application/smil+xml-\nsmv video/x-smv\n"
    "smzip application/vnd.stepmania.package\nsnd audio/basic-\nsnf application/x-font-snf\n"
    "so application/octet-stream-\nspc application/x-pkcs7-certificates-\nspdx text/spdx\n"
    "spf application/vnd.yamaha.smaf-phrase\nspl application/x-futuresplash\nspot text/vnd.in3d.spot\n"
    "spp application/scvp-vp-response\nspq application/scvp-vp-request\nspx audio/ogg-\nsql application/sql\n"
    "src application/x-wais-source\nsrt application/x-subrip\nsru application/sru+xml\n"
    "srx application/sparql-results+xml\nssdl application/ssdl+xml\nsse application/vnd.kodak-descriptor\n"
    "ssf application/vnd.epson.ssf\nssml application/ssml+xml\nst application/vnd.sailingtracker.track\n"
    "stc application/vnd.sun.xml.calc.template\nstd application/vnd.sun.xml.draw.template\nstep model/step\n"
    "stf application/vnd.wt.stf\nsti application/vnd.sun.xml.impress.template\nstk application/hyperstudio\n"
    "stl model/stl\nstp model/step-\nstpnc model/step-\nstpx model/step+xml\nstpxz model/step-xml+zip\n"
    "stpz model/step+zip\nstr application/vnd.pg.format\nstw application/vnd.sun.xml.writer.template\n"
    "styl text/stylus-\nstylus text/stylus\nsub text/vnd.dvb.subtitle\nsus application/vnd.sus-calendar\n"
    "susp application/vnd.sus-calendar-\nsv4cpio application/x-sv4cpio\nsv4crc application/x-sv4crc\n"
    "svc application/vnd.dvb.service\nsvd application/vnd.svd\nsvg image/svg+xml\nsvgz image/svg+xml-\n"
    "swa application/x-director-\nswf application/x-shockwave-flash\nswi application/vnd.aristanetworks.swi\n"
    "swidtag application/swid+xml\nsxc application/vnd.sun.xml.calc\nsxd application/vnd.sun.xml.draw\n"
    "sxg application/vnd.sun.xml.writer.global\nsxi application/vnd.sun.xml.impress\n"
    "sxm application/vnd.sun.xml.math\nsxw application/vnd.sun.xml.writer\nt text/troff\n"
    "t3 application/x-t3vm-image\nt38 image/t38\ntaglet application/vnd.mynfc\n"
    "tao application/vnd.tao.intent-module-archive\ntap image/vnd.tencent.tap\ntar application/x-tar\n"
    "tcap application/vnd.3gpp2.tcap\ntcl application/x-tcl\ntd application/urc-targetdesc+xml\n"
    "teacher application/vnd.smart.teacher\ntei application/tei+xml\nteicorpus application/tei+xml-\n"
    "tex application/x-tex\ntexi application/x-texinfo-\ntexinfo application/x-texinfo\ntext text/plain-\n"
    "tfi application/thraud+xml\ntfm application/x-tex-tfm\ntfx image/tiff-fx\ntga image/x-tga\n"
    "thmx application/vnd.ms-officetheme\ntif image/tiff\ntiff image/tiff-\ntk application/x-tcl-\n"
    "tmo application/vnd.tmobile-livetv\ntoml application/toml\ntorrent application/x-bittorrent\n"
    "tpl application/vnd.groove-tool-template\ntpt application/vnd.trid.tpt\ntr text/troff-\n"
    "tra application/vnd.trueapp\ntrig application/trig\ntrm application/x-msterminal\nts video/mp2t\n"
    "tsd application/timestamped-data\ntsv text/tab-separated-values\nttc font/collection\nttf font/ttf\n"
    "ttl text/turtle\nttml application/ttml+xml\ntwd application/vnd.simtech-mindmapper\n"
    "twds application/vnd.simtech-mindmapper-\ntxd application/vnd.genomatix.tuxedo\ntxf application/vnd.mobius.txf\n"
    "txt text/plain\nu32 application/x-authorware-bin-\nu3d model/u3d\nu8dsn message/global-delivery-status\n"
    "u8hdr message/global-headers\nu8mdn message/global-disposition-notification\nu8msg message/global\n"
    "ubj application/ubjson\nudeb application/x-debian-package-\nufd application/vnd.ufdl\n"
    "ufdl application/vnd.ufdl-\nulx application/x-glulx\numj application/vnd.umajin\n"
    "unityweb application/vnd.unity\nuo application/vnd.uoml+xml-\nuoml application/vnd.uoml+xml\nuri text/uri-list\n"
    "uris text/uri-list-\nurls text/uri-list-\nusda model/vnd.usda\nusdz model/vnd.usdz+zip\n"
    "ustar application/x-ustar\nutz application/vnd.uiq.theme\nuu text/x-uuencode\nuva audio/vnd.dece.audio\n"
    "uvd application/vnd.dece.data-\nuvf application/vnd.dece.data\nuvg image/vnd.dece.graphic-\n"
    "uvh video/vnd.dece.hd\nuvi image/vnd.dece.graphic\nuvm video/vnd.dece.mobile\nuvp video/vnd.dece.pd\n"
    "uvs video/vnd.dece.sd\nuvt application/vnd.dece.ttml+xml\nuvu video/vnd.uvvu.mp4\nuvv video/vnd.dece.video\n"
    "uvva audio/vnd.dece.audio-\nuvvd application/vnd.dece.data-\nuvvf application/vnd.dece.data-\n"
    "uvvg image/vnd.dece.graphic-\nuvvh video/vnd.dece.hd-\nuvvi image/vnd.dece.graphic-\n"
    "uvvm video/vnd.dece.mobile-\nuvvp video/vnd.dece.pd-\nuvvs video/vnd.dece.sd-\n"
    "uvvt application/vnd.dece.ttml+xml-\nuvvu video/vnd.uvvu.mp4-\nuvvv video/vnd.dece.video-\n"
    "uvvx application/vnd.dece.unspecified-\nuvvz application/vnd.dece.zip-\nuvx application/vnd.dece.unspecified\n"
    "uvz application/vnd.dece.zip\nvbox application/x-virtualbox-vbox\n"
    "vbox-extpack application/x-virtualbox-vbox-extpack\nvcard text/vcard\nvcd application/x-cdlink\n"
    "vcf text/x-vcard\nvcg application/vnd.groove-vcard\nvcs text/x-vcalendar\nvcx application/vnd.vcx\n"
    "vdi application/x-virtualbox-vdi\nvds model/vnd.sap.vds\nvdx application/vnd.ms-visio.viewer\n"
    "vhd application/x-virtualbox-vhd\nvis application/vnd.visionary\nviv video/vnd.vivo\n"
    "vmdk application/x-virtualbox-vmdk\nvob video/x-ms-vob\nvor application/vnd.stardivision.writer-\n"
    "vox application/x-authorware-bin-\nvrml model/vrml-\nvsd application/vnd.visio\nvsdx application/vnd.visio-\n"
    "vsf application/vnd.vsf\nvss application/vnd.visio-\nvst application/vnd.visio-\nvsw application/vnd.visio-\n"
    "vtf image/vnd.valve.source.texture\nvtt text/vtt\nvtu model/vnd.vtu\nvtx application/vnd.visio-\n"
    "vxml application/voicexml+xml\nw3d application/x-director-\nwad application/x-doom\n"
    "wadl application/vnd.sun.wadl+xml\nwar application/java-archive-\nwasm application/wasm\nwav audio/wav\n"
    "wax audio/x-ms-wax\nwbmp image/vnd.wap.wbmp\nwbs application/vnd.criticaltools.wbs+xml\n"
    "wbxml application/vnd.wap.wbxml\nwcm application/vnd.ms-works-\nwdb application/vnd.ms-works-\n"
    "wdp image/vnd.ms-photo\nweba audio/webm\nwebapp application/x-web-app-manifest+json\nwebm video/webm\n"
    "webmanifest application/manifest+json\nwebp image/webp\nwg application/vnd.pmi.widget\nwgsl text/wgsl\n"
    "wgt application/widget\nwif application/watcherinfo+xml\nwks application/vnd.ms-works-\nwm video/x-ms-wm\n"
    "wma audio/x-ms-wma\nwmd application/x-ms-wmd\nwmf image/wmf\nwml text/vnd.wap.wml\n"
    "wmlc application/vnd.wap.wmlc\nwmls text/vnd.wap.wmlscript\nwmlsc application/vnd.wap.wmlscriptc\n"
    "wmv video/x-ms-wmv\nwmx video/x-ms-wmx\nwmz application/x-ms-wmz\nwoff font/woff\nwoff2 font/woff2\n"
    "wpd application/vnd.wordperfect\nwpl application/vnd.ms-wpl\nwps application/vnd.ms-works\n"
    "wqd application/vnd.wqd\nwri application/x-mswrite\nwrl model/vrml\nwsc message/vnd.wfa.wsc\n"
    "wsdl application/wsdl+xml\nwspolicy application/wspolicy+xml\nwtb application/vnd.webturbo\nwvx video/x-ms-wvx\n"
    "x32 application/x-authorware-bin-\nx3d model/x3d+xml\nx3db model/x3d+fastinfoset\nx3dbz model/x3d+binary-\n"
    "x3dv model/x3d-vrml\nx3dvz model/x3d+vrml-\nx3dz model/x3d+xml-\nx_b model/vnd.parasolid.transmit.binary\n"
    "x_t model/vnd.parasolid.transmit.text\nxaml application/xaml+xml\nxap application/x-silverlight-app\n"
    "xar application/vnd.xara\nxav application/xcap-att+xml\nxbap application/x-ms-xbap\n"
    "xbd application/vnd.fujixerox.docuworks.binder\nxbm image/x-xbitmap\nxca application/xcap-caps+xml\n"
    "xcs application/calendar+xml\nxdcf application/vnd.gov.sk.xmldatacontainer+xml\nxdf application/xcap-diff+xml\n"
    "xdm application/vnd.syncml.dm+xml\nxdp application/vnd.adobe.xdp+xml\nxdssc application/dssc+xml\n"
    "xdw application/vnd.fujixerox.docuworks\nxel application/xcap-el+xml\nxenc application/xenc+xml\n"
    "xer application/patch-ops-error+xml\nxfdf application/xfdf\nxfdl application/vnd.xfdl\n"
    "xht application/xhtml+xml-\nxhtm application/vnd.pwg-xhtml-print+xml\nxhtml application/xhtml+xml\n"
    "xhvml application/xv+xml-\nxif image/vnd.xiff\nxla application/vnd.ms-excel-\n"
    "xlam application/vnd.ms-excel.addin.macroenabled.12\nxlc application/vnd.ms-excel-\nxlf application/xliff+xml\n"
    "xlm application/vnd.ms-excel-\nxls application/vnd.ms-excel\n"
    "xlsb application/vnd.ms-excel.sheet.binary.macroenabled.12\n"
    "xlsm application/vnd.ms-excel.sheet.macroenabled.12\n"
    "xlsx application/vnd.openxmlformats-officedocument.spreadsheetml.sheet\nxlt application/vnd.ms-excel-\n"
    "xltm application/vnd.ms-excel.template.macroenabled.12\n"
    "xltx application/vnd.openxmlformats-officedocument.spreadsheetml.template\nxlw application/vnd.ms-excel-\n"
    "xm audio/xm\nxml application/xml\nxns application/xcap-ns+xml\nxo application/vnd.olpc-sugar\n"
    "xop application/xop+xml\nxpi application/x-xpinstall\nxpl application/xproc+xml\nxpm image/x-xpixmap\n"
    "xpr application/vnd.is-xpr\nxps application/vnd.ms-xpsdocument\nxpw application/vnd.intercon.formnet\n"
    "xpx application/vnd.intercon.formnet-\nxsd application/xml-\nxsf application/prs.xsf+xml\nxsl application/xml-\n"
    "xslt application/xslt+xml-\nxsm application/vnd.syncml+xml\nxspf application/xspf+xml\n"
    "xul application/vnd.mozilla.xul+xml\nxvm application/xv+xml-\nxvml application/xv+xml-\n"
    "xwd image/x-xwindowdump\nxyz chemical/x-xyz\nxz application/x-xz\nyaml text/yaml\nyang application/yang\n"
    "yin application/yin+xml\nyml text/yaml-\nymp text/x-suse-ymp\nz1 application/x-zmachine\n"
    "z2 application/x-zmachine-\nz3 application/x-zmachine-\nz4 application/x-zmachine-\nz5 application/x-zmachine-\n"
    "z6 application/x-zmachine-\nz7 application/x-zmachine-\nz8 application/x-zmachine-\n"
    "zaz application/vnd.zzazz.deck+xml\nzip application/zip\nzir application/vnd.zul\nzirz application/vnd.zul-\n"
    "zmm application/vnd.handheld-entertainment+xml\n";

// Lines "extension type" for types whose usual extension leads to another type.
inline constexpr std::string_view mime_more_types =
    "js application/javascript\nmp4 application/mp4\nxfdf application/vnd.adobe.xfdf\nfdf application/vnd.fdf\n"
    "stl application/vnd.ms-pki.stl\nmpp application/vnd.ms-project\nac application/vnd.nokia.n-gage.ac+xml\n"
    "bdoc application/x-bdoc\nrar application/x-compressed\nkey application/x-iwork-keynote-sffkey\n"
    "numbers application/x-iwork-numbers-sffnumbers\npages application/x-iwork-pages-sffpages\n"
    "prc application/x-mobipocket-ebook\nexe application/x-msdownload\nwmf application/x-msmetafile\n"
    "prc application/x-pilot\nrar application/x-rar-compressed\nsql application/x-sql\nobj application/x-tgif\n"
    "xlf application/x-xliff+xml\nzip application/x-zip-compressed\nxsl application/xslt+xml\n3gpp audio/3gpp\n"
    "mp3 audio/mp3\nwav audio/wave\naac audio/x-aac\nm4a audio/x-m4a\nra audio/x-realaudio\nwav audio/x-wav\n"
    "sub image/vnd.dvb.subtitle\nico image/x-icon\nbmp image/x-ms-bmp\npcx image/x-pcx\nmts model/vnd.mts\n"
    "x3db model/x3d+binary\nx3dv model/x3d+vrml\nrtf text/rtf\norg text/x-org\nxml text/xml\njpm video/jpm\n";

// Types with UTF-8 as their charset, beside text.
inline constexpr std::string_view mime_utf8_types =
    "application/3gpdash-qoe-report+xml\napplication/beep+xml\napplication/cda+xml\napplication/elm+json\n"
    "application/emergencycalldata.cap+xml\napplication/fhir+json\napplication/fhir+xml\napplication/hl7v2+xml\n"
    "application/im-iscomposing+xml\napplication/javascript\napplication/json\napplication/manifest+json\n"
    "application/msc-ivr+xml\napplication/msc-mixer+xml\napplication/pidf+xml\napplication/pidf-diff+xml\n"
    "application/poc-settings+xml\napplication/vnd.omads-email+xml\napplication/vnd.omads-file+xml\n"
    "application/vnd.omads-folder+xml\napplication/vnd.syncml+xml\napplication/vnd.syncml.dm+wbxml\n"
    "application/vnd.syncml.dm+xml\napplication/vnd.syncml.dmddf+xml\napplication/vnd.syncml.dmtnds+xml\n"
    "application/vnd.wap.wbxml\n";

// Lines "charset type" for the few with another one.
inline constexpr std::string_view mime_more_charsets =
    "US-ASCII application/news-checkgroups\nUS-ASCII application/news-groupinfo\n7-BIT application/prs.cyn\n"
    "XML-BASED application/vnd.fdsn.stationxml+xml\n";

// Types worth compressing, beside text and what ends in +json, +text or +xml.
inline constexpr std::string_view mime_compressible_types =
    "application/dart\napplication/ecmascript\napplication/javascript\napplication/json\napplication/octet-stream\n"
    "application/postscript\napplication/raml+yaml\napplication/rtf\napplication/tar\napplication/toml\n"
    "application/vnd.dart\napplication/vnd.ms-fontobject\napplication/vnd.ms-opentype\napplication/wasm\n"
    "application/x-httpd-php\napplication/x-javascript\napplication/x-ns-proxy-autoconfig\napplication/x-sh\n"
    "application/x-tar\napplication/x-virtualbox-hdd\napplication/x-virtualbox-ova\napplication/x-virtualbox-ovf\n"
    "application/x-virtualbox-vbox\napplication/x-virtualbox-vdi\napplication/x-virtualbox-vhd\n"
    "application/x-virtualbox-vmdk\napplication/x-www-form-urlencoded\napplication/xml\napplication/xml-dtd\n"
    "font/otf\nfont/ttf\nimage/bmp\nimage/vnd.adobe.photoshop\nimage/vnd.microsoft.icon\nimage/vnd.ms-dds\n"
    "image/x-icon\nimage/x-ms-bmp\nmessage/rfc822\nmodel/gltf-binary\nx-shader/x-fragment\nx-shader/x-vertex\n";

// The type without parameters and whitespace.
inline std::string_view mime_essence(std::string_view type) noexcept {
    constexpr std::string_view white = " \t\r\n\v\f";
    type.remove_prefix(std::min(type.find_first_not_of(white), type.size()));
    return type.substr(0, type.find_first_of("; \t\r\n\v\f"));
}

inline std::string_view front_line(std::string_view text) noexcept { return text.substr(0, text.find('\n')); }

inline bool has_line(std::string_view text, std::string_view wanted) noexcept {
    for (; !text.empty(); text.remove_prefix(front_line(text).size() + 1))
        if (iequals(front_line(text), wanted)) return true;
    return false;
}

// Returns the first word of the line whose second is wanted.
inline std::string_view front_of(std::string_view text, std::string_view wanted) noexcept {
    for (; !text.empty(); text.remove_prefix(front_line(text).size() + 1)) {
        const auto line = front_line(text);
        const auto space = line.find(' ');
        if (line.size() == space + 1 + wanted.size() && iequals(line.substr(space + 1), wanted))
            return line.substr(0, space);
    }
    return {};
}

// The extension of a path as Node's path.extname sees it when `x.` stands in front of the path.
inline std::string_view path_extension(std::string_view path) noexcept {
    while (!path.empty() && path.back() == '/') path.remove_suffix(1);
    const auto slash = path.rfind('/');
    const auto name = slash == path.npos ? path : path.substr(slash + 1);
    const auto dot = name.rfind('.');
    if (slash == path.npos) return dot == name.npos ? name : name.substr(dot + 1);
    return dot == name.npos || dot == 0 ? std::string_view{} : name.substr(dot + 1);
}

} // namespace detail

CREMA_DECL std::string_view mime_type(std::string_view path) noexcept {
    const auto wanted = detail::path_extension(path);
    char small[32];
    if (wanted.empty() || wanted.size() > sizeof small) return {};
    for (std::size_t i = 0; i < wanted.size(); ++i) small[i] = to_lower(wanted[i]);
    const std::string_view extension(small, wanted.size());
    auto lines = detail::mime_lines;
    while (!lines.empty()) { // halve the text, at the begin of a line
        auto middle = lines.rfind('\n', lines.size() / 2);
        middle = middle == lines.npos ? 0 : middle + 1;
        const auto line = detail::front_line(lines.substr(middle));
        const auto key = line.substr(0, line.find(' '));
        if (key == extension) {
            const auto type = line.substr(key.size() + 1);
            return type.ends_with('-') ? type.substr(0, type.size() - 1) : type;
        }
        lines = key < extension ? lines.substr(middle + line.size() + 1) : lines.substr(0, middle);
    }
    return {};
}

CREMA_DECL std::string_view mime_extension(std::string_view type) noexcept {
    const auto wanted = detail::mime_essence(type);
    if (wanted.empty()) return {};
    if (const auto extension = detail::front_of(detail::mime_lines, wanted); !extension.empty()) return extension;
    return detail::front_of(detail::mime_more_types, wanted);
}

CREMA_DECL std::string_view mime_charset(std::string_view type) noexcept {
    if (type.starts_with("text/")) return "UTF-8";
    const auto wanted = detail::mime_essence(type);
    if (istarts_with(wanted, "text/")) return "UTF-8";
    if (iequals(wanted, "application/json")) return "UTF-8"; // the one that is asked for most
    if (detail::has_line(detail::mime_utf8_types, wanted)) return "UTF-8";
    return detail::front_of(detail::mime_more_charsets, wanted);
}

CREMA_DECL std::string content_type_of(std::string_view extension_or_type) {
    std::string value(extension_or_type.find('/') == std::string_view::npos ? mime_type(extension_or_type)
                                                                            : extension_or_type);
    if (value.empty() || value.find("charset") != std::string::npos) return value;
    if (const auto charset = mime_charset(value); !charset.empty())
        value.append("; charset=").append(to_lower(charset));
    return value;
}

CREMA_DECL bool is_compressible(std::string_view type) noexcept {
    const auto wanted = detail::mime_essence(type);
    if (istarts_with(wanted, "text/")) return true;
    for (std::string_view suffix : {"+json", "+text", "+xml"})
        if (wanted.size() > suffix.size() && iequals(wanted.substr(wanted.size() - suffix.size()), suffix)) return true;
    return detail::has_line(detail::mime_compressible_types, wanted);
}

} // namespace crema::http
#endif
