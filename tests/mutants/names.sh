kind "A name stands for what is half made, dead, another's, or of another kind"
mutant named-before-made "an object has its name before it is initialised" \
    contract.region "a creator that is killed before the region has its name leaves nothing: CHECK_FALSE" \
    $region 's/(initialise\(mapping\.bytes\);)(.*?)(auto\* const at = std::exchange)/$2$1 $3/s'
mutant removed-unlooked "who removes a dead object does not look whether the name still stands for it" \
    contract.region "there are never two live regions of one name, however many processes come and go: CHECK" \
    $region 's/same_file\(mine, named\)/true/'
mutant opened-unlooked "who opens an object does not look whether it still has its name" \
    contract.region "there are never two live regions of one name, however many processes come and go: CHECK" \
    $region 's/if \(s\.st_nlink == 0\)\s*continue;//'
mutant sweep-begins-anew "each bounded sweep looks at the same names as the one before" \
    contract.region_removal "a bounded sweep goes on where the last one stopped: CHECK" \
    $region 's/next = entry == nullptr [^;]*;/next = 0;/'
mutant pages-not-set-aside "an object is made without its memory" \
    process.limits "an object for which there is no memory is refused with its name, and leaves nothing: CHECK" \
    $region 's/if \(error = set_aside\(file, 0, reserved\); error\)\s*return nullptr;//'
mutant access-forgotten "an object for others is its user's alone" \
    contract.region "a creation that is refused changes nothing about whom the region lets in: CHECK( accesses[0]" \
    $region 's/::fchmod\(file\.get\(\), mode_of\(who\)\) != 0 \|\| //'
mutant stranger-accepted "another user's object is opened, though this user's own was asked for" \
    process.other_user \
    "an object for a group is open to the members of its creator's group who ask for it, and to nobody else: CHECK" \
    $region 's/if \(!acceptable\(s, who\)\)/if (false)/'
mutant version-unchecked "an object of another layout is opened" \
    unit.named "an object of another layout version is refused, and both versions are named: CHECK( r.code" \
    $layout 's/if \(s\.version != layout_version\)(\s*return differs)/if (false)$1/'
mutant kind-unchecked "an object of another kind is not told apart by its kind" \
    unit.named "an object of another kind is refused, and both kinds are named: CHECK( r.says" \
    $layout 's/if \(kind_of\(s\) != [^\n]*/if (false)/'
mutant size-unchecked "an object may say that it is larger than its memory" \
    unit.named "a header that contradicts the object's size is refused, whichever of its numbers it is: CHECK" \
    $layout 's/ s\.shape\.bytes > bytes - s\.object_offset \|\|//'
mutant smaller-unchecked "or smaller than what it says it is" \
    unit.named "a header that contradicts the object's size is refused, whichever of its numbers it is: CHECK" \
    $segment 's/if \(checked\.shape\.bytes < wanted\.bytes\)/if (false)/'
